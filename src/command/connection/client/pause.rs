//! CLIENT PAUSE: holds the commands of all connections back for a while, or only those that write. A second pause can
//! make the first longer and wider, not shorter.

use crate::broker::Ctx;
use crate::broker::engine::Pause;
use crate::command::args::Args;
use crate::command::error::{self, Refusal};
use crate::command::number;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::reply::Reply;

/// CLIENT PAUSE.
pub static SPEC: Spec = Spec {
    name: "client|pause",
    summary: "Holds commands back for a while.",
    since: "3.0.0",
    group: Group::Connection,
    complexity: "O(1)",
    arity: -3,
    flags: &[Flag::Admin, Flag::NoScript, Flag::Loading, Flag::Stale],
    keys: Keys::None,
    syntax: "timeout [WRITE | ALL]",
    kind: Kind::Session(run),
    subcommands: &[],
};

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    if args.len() > 4 {
        return Err(error::unknown_or_arity("CLIENT", args.at(1)));
    }
    let all = match args.get(3) {
        None => true,
        Some(word) if word.eq_ignore_ascii_case(b"ALL") => true,
        Some(word) if word.eq_ignore_ascii_case(b"WRITE") => false,
        Some(_) => return Err(error::connection::PAUSE_MODE),
    };
    let ms = number::integer_or(args.at(2), error::TIMEOUT_NOT_INTEGER)?;
    if ms < 0 {
        return Err(error::TIMEOUT_NEGATIVE);
    }
    let until_ms = ctx.now_ms.checked_add(ms).ok_or(error::TIMEOUT_OUT_OF_RANGE)?;
    let before = ctx.engine.pause.filter(|p| p.until_ms > ctx.now_ms);
    ctx.engine.pause = Some(Pause {
        until_ms: until_ms.max(before.map_or(0, |p| p.until_ms)),
        all: all || before.is_some_and(|p| p.all),
    });
    Ok(Reply::OK)
}
