//! XPENDING: what was delivered and not acknowledged, as a summary or as a list.
//!
//! An entry that was released belongs to nobody: its consumer is the empty string and its idle time -1; it counts for
//! the group and for no consumer.

use super::{group, id};
use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::{self, Refusal};
use crate::command::number;
use crate::command::spec::{Group as Part, Keys, Kind, Spec};
use crate::reply::Reply;
use brooklet_storage::StreamId;
use brooklet_storage::stream::group::Group;
use brooklet_storage::stream::log::IdRange;
use brooklet_storage::stream::pending::{NOBODY, Pending};

/// XPENDING.
pub static SPEC: Spec = Spec {
    name: "xpending",
    summary: "Shows what is pending in a group.",
    since: "5.0.0",
    group: Part::Stream,
    complexity: "O(C) for the summary, C the consumers; O(log(P)+N) for a list, P the pending entries, N those looked at",
    arity: -3,
    flags: &[],
    keys: Keys::ONE,
    syntax: "key group [[IDLE min-idle-time] start end count [consumer]]",
    kind: Kind::Read(run),
    subcommands: &[],
};

#[derive(Debug, PartialEq, Eq)]
struct List<'a> {
    min_idle_ms: i64,
    range: IdRange,
    count: usize,
    consumer: Option<&'a [u8]>,
}

/// `None` = the summary.
fn parse(args: Args<'_>) -> Result<Option<List<'_>>, Refusal> {
    if args.len() == 3 {
        return Ok(None);
    }
    if args.len() < 6 || args.len() > 9 {
        return Err(error::SYNTAX);
    }
    let (mut at, mut min_idle_ms) = (3, 0);
    if args.at(3).eq_ignore_ascii_case(b"IDLE") {
        min_idle_ms = number::arg(args.at(4))?;
        if args.len() < 8 {
            return Err(error::SYNTAX);
        }
        at = 5;
    }
    let count = usize::try_from(number::arg(args.at(at + 2))?).unwrap_or(0);
    let range = id::range(args.at(at), args.at(at + 1))?;
    Ok(Some(List { min_idle_ms, range, count, consumer: args.get(at + 3) }))
}

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    let list = parse(args)?;
    ctx.read_stream(args.at(1))?;
    let at = group::require(ctx, args.at(1), args.at(2))?;
    Ok(match list {
        None => summary(at.of(ctx)),
        Some(list) => Reply::Array(entries(at.of(ctx), &list, ctx.now_ms)),
    })
}

fn summary(group: &Group) -> Reply {
    let Some((first, last)) = group.pending.bounds() else {
        return Reply::Array(vec![Reply::Integer(0), Reply::Null, Reply::Null, Reply::NullArray]);
    };
    let of_consumer = |(number, consumer): (u32, &brooklet_storage::stream::group::Consumer)| {
        let count = group.pending.count_of(number);
        let pair = || Reply::Array(vec![Reply::bulk(&consumer.name), Reply::bulk(count.to_string())]);
        (count > 0).then(pair)
    };
    Reply::Array(vec![
        Reply::count(group.pending.len()),
        Reply::Id(first),
        Reply::Id(last),
        Reply::Array(group.consumers().filter_map(of_consumer).collect()),
    ])
}

fn entries(group: &Group, list: &List<'_>, now_ms: i64) -> Vec<Reply> {
    let IdRange { start, end } = list.range;
    let wanted = |(_, p): &(StreamId, Pending)| list.min_idle_ms <= 0 || p.is_claimable(now_ms, list.min_idle_ms);
    let show = |(id, p): (StreamId, Pending)| entry(group, id, &p, now_ms);
    match list.consumer {
        None => group.pending.range(start, end).filter(wanted).take(list.count).map(show).collect(),
        Some(name) => {
            let Some(number) = group.consumer_number(name) else { return Vec::new() };
            let ids = group.pending.of_consumer(number, start, end);
            let own = ids.filter_map(|id| group.pending.get(id).map(|p| (id, p)));
            own.filter(wanted).take(list.count).map(show).collect()
        }
    }
}

fn entry(group: &Group, id: StreamId, pending: &Pending, now_ms: i64) -> Reply {
    let owner = group.consumer(pending.consumer).map_or(&[][..], |c| &c.name);
    let idle_ms = if pending.consumer == NOBODY { -1 } else { pending.idle_ms(now_ms) };
    Reply::Array(vec![Reply::Id(id), Reply::bulk(owner), Reply::Integer(idle_ms), Reply::Integer(pending.deliveries)])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::args::OwnedArgs;

    fn ok(line: &str) -> bool {
        parse(OwnedArgs::collect(line.split(' ')).as_args()).is_ok()
    }

    #[test]
    fn the_list_needs_all_three() {
        assert!(ok("XPENDING s g") && ok("XPENDING s g - + 1") && ok("XPENDING s g - + 1 c more"));
        assert!(ok("XPENDING s g IDLE 5 (1-1 + 1 c"));
        assert!(!ok("XPENDING s g -") && !ok("XPENDING s g IDLE 5 - +") && !ok("XPENDING s g IDLE 5 - + 1 c more"));
    }
}
