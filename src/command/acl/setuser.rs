//! ACL SETUSER: adds a user or changes its rules, all of them or none. What changes holds at once, for open connections, too.

use crate::acl::{self, User};
use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::{self, Refusal};
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::reply::Reply;

/// ACL SETUSER.
pub static SPEC: Spec = Spec {
    name: "acl|setuser",
    summary: "Adds a user, or changes its rules.",
    since: "6.0.0",
    group: Group::Server,
    complexity: "O(N) for N rules",
    arity: -3,
    flags: &[Flag::Admin, Flag::NoScript, Flag::Loading, Flag::Stale],
    keys: Keys::None,
    syntax: "username [rule [rule ...]]",
    kind: Kind::Admin(run),
    subcommands: &[],
};

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    let (name, access) = (args.at(2), &ctx.engine.access);
    if name.iter().any(|b| b.is_ascii_whitespace() || matches!(b, 0 | 11)) {
        return Err(error::acl::BAD_USER_NAME);
    }
    let rules = acl::join(args.from(3).iter()).map_err(|acl::Unmatched(word)| error::acl::unmatched(&word))?;
    let open_channels = ctx.engine.config.acl_pubsub_default == "allchannels";
    let mut user = access.users.named(name).cloned().unwrap_or_else(|| User::new(name, open_channels));
    user.open_channels(open_channels);
    for rule in rules {
        user.apply(&rule).map_err(|why| error::acl::modifier(&rule, why))?;
    }
    ctx.engine.put_user(user);
    Ok(Reply::OK)
}
