//! What XREADGROUP gives one consumer of one stream: first found ([`find`], which changes nothing and may ask for what
//! is only on disk), then handed out ([`Work::hand_out`], which cannot fail any more).

use super::entry_reply;
use super::group::InGroup;
use super::read_limits::Budget;
use super::redelivery::{self, Failed};
use crate::broker::Ctx;
use crate::command::error::Refusal;
use crate::policy::delivery::Delivery;
use crate::reply::{EntryReply, Reply};
use brooklet_storage::StreamId;
use brooklet_storage::batch::{Effect, Ids};
use brooklet_storage::stream::chunk::Entry;
use brooklet_storage::stream::lag;
use brooklet_storage::stream::pending::Pending;

/// What a consumer asks of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// `>`: what the group was not given yet.
    New,
    /// What is pending for this consumer above an id.
    History(StreamId),
}

/// Whom something is for, and how.
#[derive(Clone, Copy, Debug)]
pub struct Terms<'a> {
    /// The consumer's name.
    pub consumer: &'a [u8],
    /// Entries idle for so long are claimed before new ones are delivered.
    pub claim_ms: Option<i64>,
    /// New entries do not become pending.
    pub noack: bool,
}

/// An entry that is taken over: idle time and deliveries before.
#[derive(Debug)]
pub struct Claimed {
    entry: Entry,
    idle_ms: i64,
    deliveries: i64,
}

impl Claimed {
    /// A pending entry.
    pub fn of(entry: Entry, pending: &Pending, now_ms: i64) -> Claimed {
        Claimed { entry, idle_ms: pending.idle_ms(now_ms), deliveries: pending.deliveries }
    }
}

/// What was found for a consumer.
#[derive(Debug)]
pub enum Work {
    /// The limits of the call were used up before its turn came.
    Nothing,
    /// Taken over and new.
    New {
        /// Pending for whomever, idle for long enough.
        claimed: Vec<Claimed>,
        /// Deliveries that failed, by the policy; those that this call makes again come first.
        failed: Failed,
        /// Never delivered.
        fresh: Vec<Entry>,
    },
    /// Pending for this consumer; without an entry where that is gone.
    History(Vec<(StreamId, Option<Entry>)>),
}

/// Finds what is to be given. Changes nothing but the budget.
pub fn find(
    ctx: &mut Ctx<'_>,
    at: InGroup,
    wanted: Wanted,
    terms: &Terms<'_>,
    rules: Option<&Delivery>,
    budget: &mut Budget,
) -> Result<Work, Refusal> {
    match wanted {
        Wanted::History(above) => Ok(Work::History(history(ctx, at, above, terms.consumer, budget)?)),
        Wanted::New => {
            if let Some(rules) = rules {
                budget.allow(redelivery::allowance(at.of(ctx), terms.consumer, rules, ctx.now_ms));
            }
            let claimed = match terms.claim_ms {
                Some(min_idle_ms) => claimable(ctx, at, min_idle_ms, budget)?,
                None => Vec::new(),
            };
            // Who asks for CLAIM takes over by its own rule; who acknowledges nothing is given nothing twice.
            let failed = match rules.filter(|rules| rules.redeliver && terms.claim_ms.is_none() && !terms.noack) {
                Some(rules) => redelivery::find(ctx, at, rules, budget)?,
                None => Failed::default(),
            };
            Ok(Work::New { claimed, failed, fresh: budget.read(ctx, at.key, at.of(ctx).last_delivered)? })
        }
    }
}

fn history(
    ctx: &Ctx<'_>,
    at: InGroup,
    above: StreamId,
    consumer: &[u8],
    budget: &mut Budget,
) -> Result<Vec<(StreamId, Option<Entry>)>, Refusal> {
    let group = at.of(ctx);
    let (Some(number), Some(start)) = (group.consumer_number(consumer), above.next()) else { return Ok(Vec::new()) };
    let mut ids = group.pending.of_consumer(number, start, StreamId::MAX);
    let mut out = Vec::new();
    while budget.room() > 0 {
        let step: Vec<StreamId> = ids.by_ref().take(budget.step()).collect();
        let entries = ctx.warm(at.key, ctx.stream(at.key).log.entries(step.iter().copied()))?;
        if entries.is_empty() {
            break;
        }
        for (id, entry) in step.into_iter().zip(entries) {
            if budget.room() == 0 {
                break;
            }
            budget.take(entry.as_ref());
            out.push((id, entry));
        }
    }
    Ok(out)
}

/// The longest pending first, released ones before all; deleted entries are passed over and stay pending.
fn claimable(ctx: &Ctx<'_>, at: InGroup, min_idle_ms: i64, budget: &mut Budget) -> Result<Vec<Claimed>, Refusal> {
    let pending = &at.of(ctx).pending;
    // Who asks for no idle time also gets what was delivered before the clock was set back.
    let until_ms = if min_idle_ms == 0 { i64::MAX } else { ctx.now_ms.saturating_sub(min_idle_ms) };
    let mut due = pending.released(ctx.now_ms).chain(pending.delivered_until(until_ms));
    let mut out = Vec::new();
    while budget.room() > 0 {
        let step: Vec<_> = due.by_ref().take(budget.step()).collect();
        let entries = ctx.warm(at.key, ctx.stream(at.key).log.entries(step.iter().map(|(id, _)| *id)))?;
        if entries.is_empty() {
            break;
        }
        for (entry, (_, pending)) in entries.into_iter().zip(step) {
            let Some(entry) = entry.filter(|_| budget.room() > 0) else { continue };
            budget.take(Some(&entry));
            out.push(Claimed::of(entry, &pending, ctx.now_ms));
        }
    }
    Ok(out)
}

impl Work {
    /// Whether it is an answer: history always is, new entries only if there are any.
    pub fn is_answer(&self) -> bool {
        match self {
            Work::Nothing => false,
            Work::New { claimed, failed, fresh } => {
                !claimed.is_empty() || !failed.again.is_empty() || !fresh.is_empty()
            }
            Work::History(_) => true,
        }
    }

    /// Records what was found as given to the consumer; the entries to answer, if it is an answer.
    pub fn hand_out(self, ctx: &mut Ctx<'_>, at: InGroup, terms: &Terms<'_>) -> Option<Reply> {
        let consumer = at.consumer(ctx, terms.consumer);
        let answers = self.is_answer();
        let entries = match self {
            Work::Nothing => Vec::new(),
            Work::History(pending) => {
                let live: Vec<StreamId> = pending.iter().filter(|(_, e)| e.is_some()).map(|(id, _)| *id).collect();
                redeliver(ctx, at, consumer, &live);
                pending.into_iter().map(history_reply).collect()
            }
            Work::New { mut claimed, mut failed, fresh } => {
                failed.settle(ctx, at);
                claimed.append(&mut failed.again);
                let ids: Vec<StreamId> = claimed.iter().map(|c| c.entry.id).collect();
                redeliver(ctx, at, consumer, &ids);
                if !ids.is_empty() {
                    at.active(ctx, consumer);
                }
                deliver(ctx, at, consumer, terms.noack, &fresh);
                let new = terms.claim_ms.map(|_| (0, 0));
                // Only who asked for CLAIM reads entries of four parts.
                let before = |c: &Claimed| terms.claim_ms.map(|_| (c.idle_ms, c.deliveries));
                let claimed = claimed.into_iter().map(|c| (before(&c), c.entry)).map(|(b, e)| entry_reply(e, b));
                claimed.chain(fresh.into_iter().map(|e| entry_reply(e, new))).collect()
            }
        };
        answers.then_some(Reply::Array(entries))
    }
}

fn history_reply((id, entry): (StreamId, Option<Entry>)) -> Reply {
    Reply::Entry(Box::new(EntryReply { id, fields: entry.map(|e| e.fields), redelivery: None }))
}

/// Delivers pending entries once more.
fn redeliver(ctx: &mut Ctx<'_>, at: InGroup, consumer: u32, ids: &[StreamId]) {
    if !ids.is_empty() {
        let (group, at_ms) = (at.group, ctx.now_ms);
        let effect = Effect::Redeliver { group, consumer, at_ms, counted: true, ids: Ids::Listed(ids) };
        ctx.store().change(at.key, &effect);
    }
}

/// Delivers new entries: one effect, however many there are.
fn deliver(ctx: &mut Ctx<'_>, at: InGroup, consumer: u32, noack: bool, fresh: &[Entry]) {
    if fresh.is_empty() {
        return;
    }
    let (stream, group) = (ctx.stream(at.key), at.of(ctx));
    let first_pending = group.pending.is_empty();
    let (mut last, mut read) = (group.last_delivered, group.entries_read);
    for entry in fresh {
        read = lag::read_after(stream, last, read, entry.id);
        last = entry.id;
    }
    let passed = group.passed + fresh.len() as u64;
    if noack {
        ctx.store().change(at.key, &Effect::GroupCursor { group: at.group, last, read, passed });
        return;
    }
    let ids: Vec<StreamId> = fresh.iter().map(|e| e.id).collect();
    let (group, at_ms, ids) = (at.group, ctx.now_ms, Ids::Listed(&ids));
    ctx.store().change(at.key, &Effect::Deliver { group, consumer, at_ms, read, passed, ids });
    if first_pending {
        at.wake_claimers(ctx);
    }
}
