//! ACL DELUSER: removes users, and ends the connections of all who are one of them.

use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::{self, Refusal};
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::reply::Reply;

/// ACL DELUSER.
pub static SPEC: Spec = Spec {
    name: "acl|deluser",
    summary: "Removes users and ends their connections.",
    since: "6.0.0",
    group: Group::Server,
    complexity: "O(N) for N users and connections",
    arity: -3,
    flags: &[Flag::Admin, Flag::NoScript, Flag::Loading, Flag::Stale],
    keys: Keys::None,
    syntax: "username [username ...]",
    kind: Kind::Admin(run),
    subcommands: &[],
};

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    let names = args.from(2);
    if names.iter().any(|name| name == b"default") {
        return Err(error::acl::DEFAULT_STAYS);
    }
    Ok(Reply::count(names.iter().filter(|name| ctx.engine.remove_user(name)).count()))
}
