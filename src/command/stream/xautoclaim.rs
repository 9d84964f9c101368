//! XAUTOCLAIM: walks the pending entries from an id and takes over those that have been idle for long enough.
//!
//! The answer says where to go on (`0-0` = all were looked at), what was claimed, and which ids were deleted from the
//! stream: those leave the pending entries, however short they have been idle, and use up the count.

use super::group::{self, InGroup};
use super::{entry_reply, id};
use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::{self, Refusal};
use crate::command::number;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::reply::Reply;
use brooklet_storage::StreamId;
use brooklet_storage::batch::{Effect, Ids};
use brooklet_storage::stream::chunk::Entry;
use brooklet_storage::stream::pending::Pending;

/// XAUTOCLAIM.
pub static SPEC: Spec = Spec {
    name: "xautoclaim",
    summary: "Takes over pending entries that have been idle for long enough.",
    since: "6.2.0",
    group: Group::Stream,
    complexity: "O(log(P)+N), P the pending entries, N those looked at, at most ten times the count",
    arity: -6,
    flags: &[Flag::Fast],
    keys: Keys::ONE,
    syntax: "key group consumer min-idle-time start [COUNT count] [JUSTID]",
    kind: Kind::Write(run),
    subcommands: &[],
};

/// Entries that are claimed unless told otherwise.
const COUNT: usize = 100;
/// The largest count that is understood: what the reference could address in memory.
const LARGEST_COUNT: usize = i64::MAX as usize / 16;
/// Pending entries that are looked at, for each that may be claimed.
const LOOKS: usize = 10;
/// Pending entries that are looked up in the stream at once.
const STEP: usize = 256;

#[derive(Debug, PartialEq, Eq)]
struct Scan {
    min_idle_ms: i64,
    start: StreamId,
    count: usize,
    just_id: bool,
}

fn parse(args: Args<'_>) -> Result<Scan, Refusal> {
    let min_idle_ms = number::integer_or(args.at(4), error::stream::min_idle("XAUTOCLAIM"))?.max(0);
    let start = id::range(args.at(5), b"+")?.start;
    let mut scan = Scan { min_idle_ms, start, count: COUNT, just_id: false };
    let mut i = 6;
    while let Some(word) = args.get(i) {
        if word.eq_ignore_ascii_case(b"JUSTID") {
            scan.just_id = true;
            i += 1;
        } else if let (true, Some(text)) = (word.eq_ignore_ascii_case(b"COUNT"), args.get(i + 1)) {
            let count = number::integer(text).and_then(|n| usize::try_from(n).ok());
            let count = count.filter(|n| (1..=LARGEST_COUNT).contains(n));
            scan.count = count.ok_or(error::stream::XAUTOCLAIM_COUNT)?;
            i += 2;
        } else {
            return Err(error::SYNTAX);
        }
    }
    Ok(scan)
}

/// What a walk found.
#[derive(Debug, Default)]
struct Found {
    claimed: Vec<Entry>,
    gone: Vec<StreamId>,
    /// Where to go on.
    next: StreamId,
}

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    let scan = parse(args)?;
    let at = group::require(ctx, args.at(1), args.at(2))?;
    let found = walk(ctx, at, &scan)?;
    let consumer = at.consumer(ctx, args.at(3));
    if !found.gone.is_empty() {
        ctx.store().change(at.key, &Effect::Ack { group: at.group, ids: Ids::Listed(&found.gone) });
    }
    if !found.claimed.is_empty() {
        let ids: Vec<StreamId> = found.claimed.iter().map(|e| e.id).collect();
        let (group, at_ms, counted) = (at.group, ctx.now_ms, !scan.just_id);
        let effect = Effect::Redeliver { group, consumer, at_ms, counted, ids: Ids::Listed(&ids) };
        ctx.store().change(at.key, &effect);
        at.active(ctx, consumer);
    }
    let claimed = found.claimed.into_iter();
    let show = |e: Entry| if scan.just_id { Reply::Id(e.id) } else { entry_reply(e, None) };
    Ok(Reply::Array(vec![
        Reply::Id(found.next),
        Reply::Array(claimed.map(show).collect()),
        Reply::Array(found.gone.into_iter().map(Reply::Id).collect()),
    ]))
}

/// Walks the pending entries; changes nothing.
fn walk(ctx: &Ctx<'_>, at: InGroup, scan: &Scan) -> Result<Found, Refusal> {
    let mut pending = at.of(ctx).pending.range(scan.start, StreamId::MAX);
    let mut found = Found::default();
    let (mut looks, mut left) = (scan.count.saturating_mul(LOOKS), scan.count);
    while looks > 0 && left > 0 {
        // No entry can be used that the count does not allow: so none is loaded in vain.
        let step: Vec<(StreamId, Pending)> = pending.by_ref().take(looks.min(left).min(STEP)).collect();
        if step.is_empty() {
            return Ok(found);
        }
        looks -= step.len();
        let entries = ctx.warm(at.key, ctx.stream(at.key).log.entries(step.iter().map(|(id, _)| *id)))?;
        for ((id, pending), entry) in step.into_iter().zip(entries) {
            match entry {
                None => found.gone.push(id),
                Some(entry) if pending.is_claimable(ctx.now_ms, scan.min_idle_ms) => found.claimed.push(entry),
                Some(_) => continue,
            }
            left -= 1;
        }
    }
    found.next = pending.next().map_or(StreamId::MIN, |(id, _)| id);
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::args::OwnedArgs;

    fn line(line: &str) -> Result<Scan, String> {
        match parse(OwnedArgs::collect(line.split(' ')).as_args()) {
            Ok(scan) => Ok(scan),
            Err(Refusal::Wire(line)) => Err(line.into_owned()),
            Err(other) => Err(format!("{other:?}")),
        }
    }

    #[test]
    fn a_scan_starts_anywhere() {
        assert_eq!(line("X s g c 5 (1-1").unwrap().start, StreamId::new(1, 2));
        assert_eq!(line("X s g c 5 + count 3 justid").unwrap().count, 3);
        assert_eq!(line("X s g c 5 - COUNT 0"), Err("ERR COUNT must be > 0".into()));
        assert_eq!(line("X s g c 5 - COUNT"), Err("ERR syntax error".into()));
    }
}
