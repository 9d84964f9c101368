//! XACK: entries are done with and pending no longer; the answer counts those that were pending.
//!
//! A missing key or group is no error, and is seen before the ids are read.

use super::{group, id};
use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::Refusal;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::reply::Reply;
use brooklet_storage::batch::{Effect, Ids};

/// XACK.
pub static SPEC: Spec = Spec {
    name: "xack",
    summary: "Acknowledges entries: they are pending no longer.",
    since: "5.0.0",
    group: Group::Stream,
    complexity: "O(log(P)) for each id, P the pending entries",
    arity: -4,
    flags: &[Flag::Fast],
    keys: Keys::ONE,
    syntax: "key group id [id ...]",
    kind: Kind::Write(run),
    subcommands: &[],
};

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    let Some(at) = group::find(ctx, args.at(1), args.at(2))? else { return Ok(Reply::Integer(0)) };
    let mut ids = id::list(args.from(3))?;
    let pending = &at.of(ctx).pending;
    ids.retain(|id| pending.contains(*id));
    ids.sort_unstable();
    ids.dedup();
    if !ids.is_empty() {
        ctx.store().change(at.key, &Effect::Ack { group: at.group, ids: Ids::Listed(&ids) });
        at.acknowledged(ctx);
    }
    Ok(Reply::count(ids.len()))
}
