//! What there is to know of a lease now, and how that is answered. Must never know: who waits, but for their number.

use crate::broker::Ctx;
use crate::command::error::{self, Refusal};
use crate::command::number;
use crate::reply::Reply;
use brooklet_storage::store::{Class, Key};
use bytes::Bytes;

/// The longest name of a holder, in bytes.
const LONGEST_HOLDER: usize = 1024;

/// A key that somebody holds: a string of any origin.
#[derive(Clone, Debug)]
pub(super) struct Held {
    pub key: Key,
    pub holder: Bytes,
    /// 0 = it has none, as it was not made to be a lock.
    pub token: u64,
}

/// Who holds `name`; WRONGTYPE if it is no string.
pub(super) fn look(ctx: &mut Ctx<'_>, name: &[u8]) -> Result<Option<Held>, Refusal> {
    let found = ctx.find_string(name)?;
    Ok(found.map(|(key, holder)| Held { key, holder, token: ctx.engine.store.token(key).unwrap_or(0) }))
}

/// [`look`] for reading: counted as hit or miss.
pub(super) fn read(ctx: &mut Ctx<'_>, name: &[u8]) -> Result<Option<Held>, Refusal> {
    let found = ctx.read_string(name)?;
    Ok(found.map(|(key, holder)| Held { key, holder, token: ctx.engine.store.token(key).unwrap_or(0) }))
}

/// `name`, if this holder has it with this token.
pub(super) fn held_by(ctx: &mut Ctx<'_>, name: &[u8], holder: &[u8], token: u64) -> Result<Option<Held>, Refusal> {
    Ok(look(ctx, name)?.filter(|held| held.holder == holder && held.token == token && token != 0))
}

/// A token in an argument.
pub(super) fn token(text: &[u8]) -> Result<u64, Refusal> {
    u64::try_from(number::arg(text)?).map_err(|_| error::NOT_INTEGER)
}

/// The name of a holder in an argument.
pub(super) fn holder(text: &[u8]) -> Result<&[u8], Refusal> {
    if text.is_empty() || text.len() > LONGEST_HOLDER { Err(error::lease::HOLDER) } else { Ok(text) }
}

/// The deadline that a time to live in an argument means.
pub(super) fn deadline_ms(ctx: &Ctx<'_>, text: &[u8]) -> Result<u64, Refusal> {
    let ttl_ms = number::arg(text)?;
    let at_ms = ctx.now_ms.checked_add(ttl_ms).filter(|_| ttl_ms > 0);
    at_ms.and_then(|ms| u64::try_from(ms).ok()).ok_or_else(|| error::invalid_expire(ctx.spec.name))
}

/// Gives a lease another deadline.
pub(super) fn prolong(ctx: &mut Ctx<'_>, name: &[u8], key: Key, deadline_ms: u64) {
    if ctx.engine.store.deadline(key) != Some(deadline_ms) {
        ctx.store().set_deadline(key, Some(deadline_ms));
    }
    ctx.notify(Class::GENERIC, "expire", name);
}

/// Milliseconds that a lease has left: -1 = it ends by itself never, -2 = there is none.
pub(super) fn ttl_ms(ctx: &Ctx<'_>, held: Option<&Held>) -> Reply {
    let left = held.map(|held| ctx.engine.store.deadline(held.key).map(|at| (at as i64).saturating_sub(ctx.now_ms)));
    Reply::Integer(left.map_or(-2, |left| left.unwrap_or(-1)))
}

/// The holder, or nothing.
pub(super) fn holder_reply(held: Option<&Held>) -> Reply {
    held.map_or(Reply::Null, |held| Reply::Bulk(held.holder.clone()))
}

/// The token as a number; 0 = none.
pub(super) fn token_reply(held: Option<&Held>) -> Reply {
    // A uid is never above that of a signed number.
    Reply::Integer(held.map_or(0, |held| held.token) as i64)
}

/// All that is known of a key.
pub(super) fn map(ctx: &Ctx<'_>, name: &[u8], held: Option<&Held>) -> Reply {
    let lease = held.and_then(|held| ctx.engine.store.lease(held.key));
    let bound = lease.is_some_and(|lease| lease.grace_ms.is_some());
    Reply::Map(vec![
        (Reply::text("holder"), holder_reply(held)),
        (Reply::text("token"), token_reply(held)),
        (Reply::text("ttl-ms"), ttl_ms(ctx, held)),
        (Reply::text("meta"), Reply::bulk(lease.map_or(&[][..], |lease| &lease.meta))),
        (Reply::text("bound"), Reply::Integer(bound.into())),
        (Reply::text("waiters"), Reply::count(ctx.engine.waits.queues.waiting(ctx.db, name))),
    ])
}
