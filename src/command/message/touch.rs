//! MSG.TOUCH: a consumer is still at work on these entries: their time begins anew. Answers how many are still its own.

use super::{ids, owned_by};
use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::Refusal;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::command::stream::group;
use crate::reply::Reply;
use brooklet_storage::batch::Effect;

/// MSG.TOUCH.
pub static SPEC: Spec = Spec {
    name: "msg.touch",
    summary: "Begins the time anew in which a consumer has to acknowledge entries.",
    since: "0.1.0",
    group: Group::Message,
    complexity: "O(log(P)) for each id, P the pending entries",
    arity: -5,
    flags: &[Flag::Fast],
    keys: Keys::ONE,
    syntax: "key group consumer id [id ...]",
    kind: Kind::Write(run),
    subcommands: &[],
};

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    let ids = ids(args.from(4))?;
    let at = group::require(ctx, args.at(1), args.at(2))?;
    let owned = owned_by(ctx, at, args.at(3), &ids);
    for (id, pending) in &owned {
        let (consumer, deliveries, delivered_ms) = (pending.consumer, pending.deliveries, ctx.now_ms);
        ctx.store().change(at.key, &Effect::Pend { group: at.group, id: *id, consumer, delivered_ms, deliveries });
    }
    Ok(Reply::count(owned.len()))
}
