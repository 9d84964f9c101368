//! XGROUP CREATECONSUMER: a consumer before its first call; the answer tells whether it is new.

use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::Refusal;
use crate::command::spec::{Flag, Group, Kind, Spec};
use crate::reply::Reply;
use brooklet_storage::batch::Effect;

/// XGROUP CREATECONSUMER.
pub static SPEC: Spec = Spec {
    name: "xgroup|createconsumer",
    summary: "Creates a consumer in a group.",
    since: "6.2.0",
    group: Group::Stream,
    complexity: "O(log(C)), C the group's consumers",
    arity: 5,
    flags: &[Flag::Denyoom],
    keys: super::KEY,
    syntax: "key group consumer",
    kind: Kind::Write(run),
    subcommands: &[],
};

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    let at = super::group(ctx, args)?;
    let (name, seen_ms) = (args.at(4), ctx.now_ms);
    if at.of(ctx).consumer_number(name).is_some() {
        return Ok(Reply::Integer(0));
    }
    let (group, consumer) = (at.group, at.of(ctx).next_consumer());
    ctx.store().change(at.key, &Effect::ConsumerAdd { group, consumer, name, seen_ms });
    Ok(Reply::Integer(1))
}
