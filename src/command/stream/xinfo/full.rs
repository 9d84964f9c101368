//! XINFO STREAM FULL: entries, groups, and what is pending in each group and for each consumer, up to a number.

use super::super::entry_reply;
use super::stream::counters;
use super::{known, lag, named};
use crate::broker::Ctx;
use crate::command::error::Refusal;
use crate::reply::Reply;
use brooklet_storage::StreamId;
use brooklet_storage::store::Key;
use brooklet_storage::stream::Stream;
use brooklet_storage::stream::group::{Consumer, Group};
use brooklet_storage::stream::log::IdRange;
use brooklet_storage::stream::pending::{NOBODY, Pending};

/// The answer, with `shown` entries and pending ones at most.
pub(super) fn answer(ctx: &Ctx<'_>, key: Key, shown: usize) -> Result<Reply, Refusal> {
    let stream = ctx.stream(key);
    let entries = ctx.warm(key, stream.log.range(IdRange::ALL, shown))?;
    let entries = entries.into_iter().map(|entry| entry_reply(entry, None)).collect();
    let groups = stream.groups().map(|(name, one)| group(ctx, stream, name, one, shown)).collect();
    let mut pairs = counters(ctx, key);
    pairs.extend([("entries", Reply::Array(entries)), ("groups", Reply::Array(groups))]);
    Ok(named(pairs))
}

fn group(ctx: &Ctx<'_>, stream: &Stream, name: &[u8], group: &Group, shown: usize) -> Reply {
    let pending = group.pending.iter().take(shown).map(|(id, p)| {
        // What was released belongs to nobody.
        let owner = group.consumer(p.consumer).map_or(&b""[..], |c| &c.name);
        delivery(id, Some(owner), &p)
    });
    let consumers = group.consumers().map(|(number, one)| consumer(group, number, one, shown));
    named([
        ("name", Reply::bulk(name)),
        ("last-delivered-id", Reply::Id(group.last_delivered)),
        ("entries-read", known(group.entries_read)),
        ("lag", lag(ctx, stream, group)),
        ("pel-count", Reply::count(group.pending.len())),
        ("nacked-count", Reply::count(group.pending.count_of(NOBODY))),
        ("pending", Reply::Array(pending.collect())),
        ("consumers", Reply::Array(consumers.collect())),
    ])
}

fn consumer(group: &Group, number: u32, consumer: &Consumer, shown: usize) -> Reply {
    let ids = group.pending.of_consumer(number, StreamId::MIN, StreamId::MAX).take(shown);
    let pending = ids.filter_map(|id| group.pending.get(id).map(|p| delivery(id, None, &p)));
    named([
        ("name", Reply::bulk(&consumer.name)),
        ("seen-time", Reply::Integer(consumer.seen_ms)),
        ("active-time", Reply::Integer(consumer.active_ms)),
        ("pel-count", Reply::count(group.pending.count_of(number))),
        ("pending", Reply::Array(pending.collect())),
    ])
}

fn delivery(id: StreamId, owner: Option<&[u8]>, pending: &Pending) -> Reply {
    let mut items = vec![Reply::Id(id)];
    items.extend(owner.map(Reply::bulk));
    items.extend([Reply::Integer(pending.delivered_ms), Reply::Integer(pending.deliveries)]);
    Reply::Array(items)
}
