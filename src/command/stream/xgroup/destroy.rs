//! XGROUP DESTROY: a group goes, with its consumers and everything pending. Readers that wait in it get NOGROUP.

use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::Refusal;
use crate::command::spec::{Group, Kind, Spec};
use crate::reply::Reply;
use brooklet_storage::batch::Effect;

/// XGROUP DESTROY.
pub static SPEC: Spec = Spec {
    name: "xgroup|destroy",
    summary: "Removes a consumer group.",
    since: "5.0.0",
    group: Group::Stream,
    complexity: "O(P), P the group's pending entries",
    arity: 4,
    flags: &[],
    keys: super::KEY,
    syntax: "key group",
    kind: Kind::Write(run),
    subcommands: &[],
};

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    let key = super::stream(ctx, args)?;
    let Some(group) = ctx.stream(key).group(args.at(3)).map(|g| g.number) else { return Ok(Reply::Integer(0)) };
    ctx.store().change(key, &Effect::GroupDestroy { group });
    ctx.store().signal_key(key);
    Ok(Reply::Integer(1))
}
