//! AUTH: makes the connection another user, who has to give its password. A password alone is that of the default user.

use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::{self, Refusal};
use crate::command::permission;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::reply::Reply;

/// AUTH.
pub static SPEC: Spec = Spec {
    name: "auth",
    summary: "Authenticates the connection.",
    since: "1.0.0",
    group: Group::Connection,
    complexity: "O(1)",
    arity: -2,
    flags: &[Flag::NoScript, Flag::Loading, Flag::Stale, Flag::Fast, Flag::NoAuth, Flag::AllowBusy],
    keys: Keys::None,
    syntax: "[username] password",
    kind: Kind::Session(run),
    subcommands: &[],
};

/// The user that a password alone stands for.
const DEFAULT_USER: &[u8] = b"default";

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    match (args.get(1), args.get(2), args.len()) {
        (Some(_), None, _) if ctx.engine.access.users.named(DEFAULT_USER).is_some_and(|user| user.nopass) => {
            Err(error::connection::AUTH_UNASKED)
        }
        (Some(password), None, _) => log_in(ctx, "AUTH", DEFAULT_USER, password).map(|()| Reply::OK),
        (Some(user), Some(password), 3) => log_in(ctx, "AUTH", user, password).map(|()| Reply::OK),
        _ => Err(error::SYNTAX),
    }
}

/// Makes the calling connection a user, or refuses. `verb` is the one with which that is tried.
pub(super) fn log_in(ctx: &mut Ctx<'_>, verb: &str, user: &[u8], password: &[u8]) -> Result<(), Refusal> {
    if ctx.engine.log_in(ctx.client, user, password) {
        return Ok(());
    }
    permission::note_login(ctx.engine, ctx.client, verb, user);
    Err(error::connection::WRONG_PASSWORD)
}
