//! ACL DRYRUN: whether a user may make a call, which is not made.

use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::{self, Refusal};
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::command::table;
use crate::reply::Reply;

/// ACL DRYRUN.
pub static SPEC: Spec = Spec {
    name: "acl|dryrun",
    summary: "Tells whether a user may make a call.",
    since: "7.0.0",
    group: Group::Server,
    complexity: "O(N) for N arguments",
    arity: -4,
    flags: &[Flag::Admin, Flag::NoScript, Flag::Loading, Flag::Stale],
    keys: Keys::None,
    syntax: "username command [arg [arg ...]]",
    kind: Kind::Admin(run),
    subcommands: &[],
};

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    let (name, call) = (args.at(2), args.from(3));
    let user = ctx.engine.access.users.named(name).ok_or_else(|| error::acl::user_not_found(name))?;
    let spec = table::mentioned(call).ok_or_else(|| error::acl::command_not_found(call.at(0)))?;
    if !spec.accepts(call.len()) {
        return Err(error::wrong_arity(spec.name));
    }
    match user.check(spec, call) {
        Ok(()) => Ok(Reply::OK),
        Err(denial) => Ok(Reply::bulk(error::acl::dry_run(name, spec.name, &denial))),
    }
}
