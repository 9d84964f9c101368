//! ACL WHOAMI: the user that the connection is.

use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::Refusal;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::reply::Reply;

/// ACL WHOAMI.
pub static SPEC: Spec = Spec {
    name: "acl|whoami",
    summary: "Answers the connection's user.",
    since: "6.0.0",
    group: Group::Server,
    complexity: "O(1)",
    arity: 2,
    flags: &[Flag::NoScript, Flag::Loading, Flag::Stale],
    keys: Keys::None,
    syntax: "",
    kind: Kind::Admin(run),
    subcommands: &[],
};

fn run(ctx: &mut Ctx<'_>, _: Args<'_>) -> Result<Reply, Refusal> {
    Ok(Reply::bulk(ctx.engine.user_of(ctx.client).map_or(&b""[..], |user| user.name())))
}
