//! ACL LIST: a line for each user, as a file of access lists holds it.

use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::Refusal;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::reply::Reply;

/// ACL LIST.
pub static SPEC: Spec = Spec {
    name: "acl|list",
    summary: "Lists all users with their rules.",
    since: "6.0.0",
    group: Group::Server,
    complexity: "O(N) for N users",
    arity: 2,
    flags: &[Flag::Admin, Flag::NoScript, Flag::Loading, Flag::Stale],
    keys: Keys::None,
    syntax: "",
    kind: Kind::Admin(run),
    subcommands: &[],
};

fn run(ctx: &mut Ctx<'_>, _: Args<'_>) -> Result<Reply, Refusal> {
    Ok(Reply::Array(ctx.engine.access.users.iter().map(|user| Reply::bulk(user.line())).collect()))
}
