//! What the verbs about consumer groups share: finding a group, its consumers, and who else has to look.
//!
//! A consumer exists from the first call that names it. That call is recorded; later calls that change nothing only
//! move its seen-time in memory ([`brooklet_storage::store::Store::note_seen`]).

use super::retention;
use crate::broker::Ctx;
use crate::command::error::{self, Refusal};
use brooklet_storage::StreamId;
use brooklet_storage::batch::Effect;
use brooklet_storage::store::{Class, Key};
use brooklet_storage::stream::group::Group;

/// A group of a stream that is in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InGroup {
    /// The stream.
    pub key: Key,
    /// The group's number.
    pub group: u32,
}

/// The group, or `None` when there is no such key or group.
pub fn find(ctx: &mut Ctx<'_>, name: &[u8], group: &[u8]) -> Result<Option<InGroup>, Refusal> {
    let Some(key) = ctx.find_stream(name)? else { return Ok(None) };
    Ok(ctx.stream(key).group(group).map(|g| InGroup { key, group: g.number }))
}

/// The group, or NOGROUP.
pub fn require(ctx: &mut Ctx<'_>, name: &[u8], group: &[u8]) -> Result<InGroup, Refusal> {
    find(ctx, name, group)?.ok_or_else(|| error::stream::no_group(name, group))
}

impl InGroup {
    /// The group itself.
    pub fn of<'a>(self, ctx: &'a Ctx<'_>) -> &'a Group {
        ctx.stream(self.key).group_by_number(self.group).expect("it was found in this call")
    }

    /// The consumer's number; it is created if need be and was seen now.
    pub fn consumer(self, ctx: &mut Ctx<'_>, name: &[u8]) -> u32 {
        let (group, found) = (self.group, self.of(ctx).consumer_number(name));
        match found {
            Some(number) => {
                ctx.store().note_seen(self.key, group, number);
                number
            }
            None => {
                let (number, seen_ms) = (self.of(ctx).next_consumer(), ctx.now_ms);
                ctx.store().change(self.key, &Effect::ConsumerAdd { group, consumer: number, name, seen_ms });
                ctx.notify_key(Class::STREAM, "xgroup-createconsumer", self.key);
                number
            }
        }
    }

    /// The consumer got something now.
    pub fn active(self, ctx: &mut Ctx<'_>, consumer: u32) {
        let now_ms = ctx.now_ms;
        let seen = Effect::ConsumerSeen { group: self.group, consumer, seen_ms: now_ms, active_ms: now_ms };
        ctx.store().change(self.key, &seen);
    }

    /// Moves the group's cursor up to `last` if it is below; its count of entries read stays.
    /// `passed` is what [`brooklet_storage::stream::Stream::passed_at`] says of `last`.
    pub fn advance(self, ctx: &mut Ctx<'_>, last: StreamId, passed: u64) {
        let read = self.of(ctx).entries_read;
        ctx.store().change(self.key, &Effect::GroupCursor { group: self.group, last, read, passed });
    }

    /// Something was acknowledged: readers that a policy holds back look again, entries that were kept for it may go.
    pub fn acknowledged(self, ctx: &mut Ctx<'_>) {
        if !ctx.engine.policies.is_empty() {
            self.wake_claimers(ctx);
            retention::after_ack(ctx, self.key);
        }
    }

    /// Readers that wait for something to fall due have to look again: something falls due earlier than they know.
    pub fn wake_claimers(self, ctx: &mut Ctx<'_>) {
        let engine = &mut *ctx.engine;
        if engine.store.signals.is_some() && engine.waits.any_timed(self.key.db, &engine.store.object(self.key).name) {
            engine.store.signal_key(self.key);
        }
    }
}
