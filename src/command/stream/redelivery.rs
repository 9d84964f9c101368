//! What a policy makes of deliveries that failed: another one now, another one later, or none any more.
//!
//! First found ([`find`], which changes nothing and may ask for what is only on disk), then done ([`Failed::settle`],
//! which cannot fail). Whoever reads new entries of a group does that first, so no delivery fails unseen while there is
//! anybody to deliver to.

use super::delivery::Claimed;
use super::group::InGroup;
use super::id::NewId;
use super::read_limits::Budget;
use crate::broker::Ctx;
use crate::command::error::Refusal;
use crate::policy::delivery::{Delivery, Due, OnMax};
use brooklet_storage::StreamId;
use brooklet_storage::batch::{Effect, Ids};
use brooklet_storage::store::{Class, Key};
use brooklet_storage::stream::chunk::Entry;
use brooklet_storage::stream::fields;
use brooklet_storage::stream::group::Group;
use brooklet_storage::stream::pending::{NOBODY, Pending};

/// Entries that one call looks at; the next call goes on.
const LOOKS: usize = 1000;
/// The time of an entry that nobody will be given by itself.
pub const PARKED_MS: i64 = i64::MAX;

/// Deliveries that failed, and what is to become of them.
#[derive(Debug, Default)]
pub struct Failed {
    /// To be delivered by this call.
    pub again: Vec<Claimed>,
    later: Vec<(StreamId, i64, i64)>,
    spent: Spent,
    /// Pending, but not in the stream any more: they cannot be delivered to anybody.
    gone: Vec<StreamId>,
}

/// Entries that failed too often.
#[derive(Debug, Default)]
pub struct Spent {
    entries: Vec<(Entry, Pending)>,
    to: Place,
    reason: Option<Vec<u8>>,
}

/// Where they go.
#[derive(Debug, Default)]
enum Place {
    #[default]
    Parked,
    Nowhere,
    /// To a stream, which may be new.
    Stream(Vec<u8>, Option<Key>),
}

/// Finds what failed in a group and is due. Changes nothing but the budget.
pub fn find(ctx: &mut Ctx<'_>, at: InGroup, rules: &Delivery, budget: &mut Budget) -> Result<Failed, Refusal> {
    let (now_ms, failed_ms) = (ctx.now_ms, ctx.now_ms.saturating_sub(rules.ack_wait_ms));
    let pending = &at.of(ctx).pending;
    let due: Vec<_> = pending.released(now_ms).chain(pending.delivered_until(failed_ms)).take(LOOKS).collect();
    let mut failed = Failed::default();
    if due.is_empty() {
        return Ok(failed);
    }
    // What is not delivered by this call need not be read for it.
    let mut room = budget.room();
    let mut entries = Vec::new();
    for (id, pending) in due {
        match rules.judge(id, &pending, now_ms) {
            Due::At(at_ms) => failed.later.push((id, at_ms, pending.deliveries)),
            Due::Dead => entries.push((id, pending, true)),
            Due::Again if room > 0 => {
                room -= 1;
                entries.push((id, pending, false));
            }
            Due::Again => {}
        }
    }
    let read = ctx.warm(at.key, ctx.stream(at.key).log.entries(entries.iter().map(|(id, ..)| *id)))?;
    for (entry, (id, pending, dead)) in read.into_iter().zip(entries) {
        match entry {
            None => failed.gone.push(id),
            Some(entry) if dead => failed.spent.entries.push((entry, pending)),
            Some(entry) if budget.room() > 0 => {
                budget.take(Some(&entry));
                failed.again.push(Claimed::of(entry, &pending, now_ms));
            }
            Some(_) => {}
        }
    }
    if !failed.spent.entries.is_empty() {
        failed.spent.to = Place::of(ctx, at, rules)?;
    }
    Ok(failed)
}

/// Finds entries that somebody gave up, and where they go.
pub fn give_up(
    ctx: &mut Ctx<'_>,
    at: InGroup,
    rules: &Delivery,
    ids: &[StreamId],
    reason: Option<&[u8]>,
) -> Result<Failed, Refusal> {
    let read = ctx.warm(at.key, ctx.stream(at.key).log.entries(ids.iter().copied()))?;
    let mut failed = Failed::default();
    for (entry, id) in read.into_iter().zip(ids) {
        match (entry, at.of(ctx).pending.get(*id)) {
            (Some(entry), Some(pending)) => failed.spent.entries.push((entry, pending)),
            _ => failed.gone.push(*id),
        }
    }
    failed.spent.to = Place::of(ctx, at, rules)?;
    failed.spent.reason = reason.map(<[u8]>::to_vec);
    Ok(failed)
}

impl Place {
    /// Where a key of another type, the stream itself or one that is full stands in the way, they stay.
    fn of(ctx: &mut Ctx<'_>, at: InGroup, rules: &Delivery) -> Result<Place, Refusal> {
        match rules.on_max() {
            OnMax::Park => return Ok(Place::Parked),
            OnMax::Drop => return Ok(Place::Nowhere),
            OnMax::DeadLetter => {}
        }
        let name = rules.dead_letters_of(&ctx.engine.store.object(at.key).name);
        let found = ctx.find(&name)?;
        let takes = found.is_none_or(|key| {
            let stream = ctx.engine.store.stream(key);
            key != at.key && stream.is_some_and(|stream| stream.last_id.ms < u64::MAX)
        });
        Ok(if takes { Place::Stream(name, found) } else { Place::Parked })
    }
}

impl Failed {
    /// Does all of it but for what this call delivers.
    pub fn settle(&mut self, ctx: &mut Ctx<'_>, at: InGroup) {
        ack(ctx, at, &std::mem::take(&mut self.gone));
        for (id, at_ms, deliveries) in self.later.drain(..) {
            release(ctx, at, id, at_ms, deliveries);
        }
        let Spent { entries, to, reason } = std::mem::take(&mut self.spent);
        let ids: Vec<StreamId> = entries.iter().map(|(entry, _)| entry.id).collect();
        match to {
            Place::Parked => {
                let stays = |(entry, pending): &(Entry, Pending)| (entry.id, pending.deliveries);
                entries.iter().map(stays).for_each(|(id, n)| release(ctx, at, id, PARKED_MS, n));
                return;
            }
            Place::Nowhere => {}
            Place::Stream(name, found) if !entries.is_empty() => {
                let origin = Origin::of(ctx, at);
                let key = found.unwrap_or_else(|| ctx.engine.store.create_stream(ctx.db, &name));
                for (entry, pending) in entries {
                    let owner = at.of(ctx).consumer(pending.consumer).map_or(&[][..], |c| &c.name).to_vec();
                    let letter = origin.letter(ctx.now_ms, &entry, &pending, &owner, reason.as_deref());
                    append(ctx, key, &letter);
                }
                ctx.notify(Class::STREAM, "xadd", &name);
                ctx.store().signal_key(key);
            }
            Place::Stream(..) => {}
        }
        ack(ctx, at, &ids);
    }
}

fn ack(ctx: &mut Ctx<'_>, at: InGroup, ids: &[StreamId]) {
    if !ids.is_empty() {
        ctx.store().change(at.key, &Effect::Ack { group: at.group, ids: Ids::Listed(ids) });
    }
}

/// Takes an entry from its owner; it may be had from `at_ms` on.
pub fn release(ctx: &mut Ctx<'_>, at: InGroup, id: StreamId, at_ms: i64, deliveries: i64) {
    let freed = Effect::Pend { group: at.group, id, consumer: NOBODY, delivered_ms: at_ms, deliveries };
    ctx.store().change(at.key, &freed);
}

/// From where dead letters come.
struct Origin {
    stream: Box<[u8]>,
    group: Box<[u8]>,
}

impl Origin {
    fn of(ctx: &Ctx<'_>, at: InGroup) -> Origin {
        let mut groups = ctx.stream(at.key).groups();
        let group = groups.find(|(_, group)| group.number == at.group).map(|(name, _)| name.into());
        Origin { stream: ctx.engine.store.object(at.key).name.clone(), group: group.unwrap_or_default() }
    }

    /// The packed fields of a dead letter: those of the entry, and what is known of its end.
    fn letter(&self, now_ms: i64, entry: &Entry, pending: &Pending, owner: &[u8], reason: Option<&[u8]>) -> Vec<u8> {
        let why: &[u8] = if pending.deliveries == i64::MAX { b"fatal" } else { b"max-deliver" };
        let texts = [entry.id.to_string(), pending.deliveries.to_string(), entry.id.ms.to_string(), now_ms.to_string()];
        let [id, deliveries, first_ms, last_ms] = texts.each_ref().map(String::as_bytes);
        let more: [(&[u8], &[u8]); 8] = [
            (b"_dlq.stream", &self.stream),
            (b"_dlq.id", id),
            (b"_dlq.group", &self.group),
            (b"_dlq.consumer", owner),
            (b"_dlq.deliveries", deliveries),
            (b"_dlq.reason", reason.unwrap_or(why)),
            (b"_dlq.first-ms", first_ms),
            (b"_dlq.last-ms", last_ms),
        ];
        let own = entry.fields.iter();
        let items: Vec<&[u8]> = own.chain(more.into_iter().flat_map(|(name, value)| [name, value])).collect();
        let mut packed = Vec::new();
        fields::pack(&mut packed, items.into_iter());
        packed
    }
}

fn append(ctx: &mut Ctx<'_>, key: Key, packed: &[u8]) {
    let last = ctx.stream(key).last_id;
    let id = NewId::Auto.resolve(last, ctx.now_ms).expect("a stream that is full takes no dead letters");
    ctx.store().change(key, &Effect::Append { id, packed });
}

/// How many entries more may be under way, to this consumer.
pub fn allowance(group: &Group, consumer: &[u8], rules: &Delivery, now_ms: i64) -> usize {
    if rules.max_ack_pending == 0 && rules.max_ack_pending_consumer == 0 {
        return usize::MAX;
    }
    // What has failed is under way no longer, although nobody has said so yet.
    let failed = group.pending.delivered_until(now_ms.saturating_sub(rules.ack_wait_ms)).take(LOOKS);
    let failed: Vec<u32> = failed.map(|(_, pending)| pending.consumer).filter(|_| rules.redeliver).collect();
    let left = |most: usize, busy: usize| if most == 0 { usize::MAX } else { most.saturating_sub(busy) };
    let own = group
        .consumer_number(consumer)
        .map_or(0, |number| group.pending.count_of(number) - failed.iter().filter(|owner| **owner == number).count());
    let busy = group.pending.owned() - failed.len();
    left(rules.max_ack_pending, busy).min(left(rules.max_ack_pending_consumer, own))
}

/// When something of the group will be due: in the past, if there is more than one call looks at.
pub fn next_due(group: &Group, rules: &Delivery) -> Option<i64> {
    let released = group.pending.next_released_after(i64::MIN).filter(|at| *at != PARKED_MS);
    let owned = group.pending.next_delivered_after(i64::MIN).map(|at| at.saturating_add(rules.ack_wait_ms));
    released.into_iter().chain(owned).min()
}
