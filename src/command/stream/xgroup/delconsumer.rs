//! XGROUP DELCONSUMER: a consumer goes, and what was pending for it is pending no longer; the answer counts that.

use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::Refusal;
use crate::command::spec::{Group, Kind, Spec};
use crate::reply::Reply;
use brooklet_storage::batch::Effect;

/// XGROUP DELCONSUMER.
pub static SPEC: Spec = Spec {
    name: "xgroup|delconsumer",
    summary: "Removes a consumer and what is pending for it.",
    since: "5.0.0",
    group: Group::Stream,
    complexity: "O(P), P the consumer's pending entries",
    arity: 5,
    flags: &[],
    keys: super::KEY,
    syntax: "key group consumer",
    kind: Kind::Write(run),
    subcommands: &[],
};

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    let at = super::group(ctx, args)?;
    let Some(consumer) = at.of(ctx).consumer_number(args.at(4)) else { return Ok(Reply::Integer(0)) };
    let pending = at.of(ctx).pending.count_of(consumer);
    ctx.store().change(at.key, &Effect::ConsumerRemove { group: at.group, consumer });
    Ok(Reply::count(pending))
}
