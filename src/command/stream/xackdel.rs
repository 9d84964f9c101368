//! XACKDEL: acknowledges entries in a group and deletes them; says for each id: -1 it was not pending there,
//! 1 it is acknowledged and deleted, 2 it is acknowledged and stays, because another group needs it (ACKED).
//!
//! The one surprising rule: an entry that was gone already answers 1, if it was pending. Without key or group nothing
//! is pending, which is no error.

use super::deletion::{Deletion, drop_references};
use super::group::InGroup;
use super::references::{Doomed, References};
use super::xdelex::{ABSENT, GONE, NEEDED};
use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::Refusal;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::reply::Reply;
use brooklet_storage::StreamId;
use brooklet_storage::batch::{Effect, Ids};
use brooklet_storage::stream::Stream;
use std::collections::BTreeSet;

/// XACKDEL.
pub static SPEC: Spec = Spec {
    name: "xackdel",
    summary: "Acknowledges entries in a group and deletes them.",
    since: "8.2.0",
    group: Group::Stream,
    complexity: "O(N) for N ids, times the number of groups unless KEEPREF",
    arity: -6,
    flags: &[Flag::Fast],
    keys: Keys::ONE,
    syntax: "key group [KEEPREF | DELREF | ACKED] IDS numids id [id ...]",
    kind: Kind::Write(run),
    subcommands: &[],
};

/// Whether any group but `group`, in which `id` is acknowledged now, needs it.
fn needed_after_ack(stream: &Stream, group: u32, id: StreamId) -> bool {
    let needs = |g: &brooklet_storage::stream::group::Group| {
        g.last_delivered < id || (g.number != group && g.pending.contains(id))
    };
    stream.groups().any(|(_, g)| needs(g))
}

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    let Doomed { references, ids } = Doomed::parse(args.from(3))?;
    let found = ctx.find_stream(args.at(1))?;
    let group = found.and_then(|key| ctx.stream(key).group(args.at(2)).map(|g| (key, g)));
    let Some((key, group)) = group else {
        return Ok(Reply::Array(vec![Reply::Integer(ABSENT); ids.len()]));
    };
    let number = group.number;
    let acked: BTreeSet<StreamId> = ids.iter().copied().filter(|id| group.pending.contains(*id)).collect();
    let needed = |id| references == References::Acked && needed_after_ack(ctx.stream(key), number, id);
    let kept: BTreeSet<StreamId> = acked.iter().copied().filter(|id| needed(*id)).collect();
    let deletion = Deletion::plan(ctx, key, acked.difference(&kept).copied())?;
    let mut left = acked.clone();
    let mut outcome = |id| match (left.remove(&id), kept.contains(&id)) {
        (false, _) => ABSENT,
        (true, false) => GONE,
        (true, true) => NEEDED,
    };
    let answer = ids.iter().map(|id| Reply::Integer(outcome(*id))).collect();
    if !acked.is_empty() {
        let list: Vec<StreamId> = acked.iter().copied().collect();
        ctx.store().change(key, &Effect::Ack { group: number, ids: Ids::Listed(&list) });
    }
    deletion.apply(ctx, key);
    let some = !acked.is_empty();
    if references == References::Delete {
        drop_references(ctx, key, acked);
    }
    if some {
        InGroup { key, group: number }.acknowledged(ctx);
    }
    Ok(Reply::Array(answer))
}
