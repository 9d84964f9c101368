//! What a policy removes from a stream, and when: with each entry that is added, each acknowledgement, and on demand.

use super::references::References;
use super::trim::{self, Bound, Plan, Trim};
use crate::broker::Ctx;
use crate::command::error::{self, Refusal};
use crate::policy::retention::{Retain, Retention};
use brooklet_storage::StreamId;
use brooklet_storage::store::{Class, Key};
use brooklet_storage::stream::log::Incoming;

/// What has to go together with an entry that is added. Found before it is: it may have to wait for the disk, and the
/// entry may be refused.
pub fn plan(ctx: &mut Ctx<'_>, name: &[u8], found: Option<Key>, incoming: Incoming) -> Result<Option<Plan>, Refusal> {
    let Some(policy) = ctx.engine.policies.of(ctx.db, name) else { return Ok(None) };
    let (rules, Some(key)) = (policy.retention(), found) else { return Ok(None) };
    if !rules.is_active() || !rules.is_due(ctx.stream(key), 1, ctx.now_ms) {
        return Ok(None);
    }
    let cut = ctx.warm(key, rules.cut(ctx.stream(key), 1, ctx.now_ms, false))?;
    let plan = match cut {
        Some(cut) => Some(up_to(ctx, key, cut, Some(incoming))?),
        None => None,
    };
    let stay = (ctx.stream(key).len() + 1).saturating_sub(plan.as_ref().map_or(0, Plan::removed));
    if rules.reject && rules.maxlen > 0 && stay > rules.maxlen {
        return Err(error::policy::STREAM_FULL);
    }
    Ok(plan)
}

/// Something was acknowledged: what was kept for it only may go. What is only on disk waits for the next entry.
pub fn after_ack(ctx: &mut Ctx<'_>, key: Key) {
    if ctx.engine.policies.is_empty() {
        return;
    }
    let name = ctx.engine.store.object(key).name.clone();
    let Some(policy) = ctx.engine.policies.of(key.db, &name) else { return };
    let rules = policy.retention();
    if rules.retain != Retain::Limits && rules.is_active() && rules.is_due(ctx.stream(key), 0, ctx.now_ms) {
        let _ = clean(ctx, key, rules, false);
    }
}

/// Removes what goes now; how many entries. `whatever`: as if every limit were exceeded.
pub fn clean(ctx: &mut Ctx<'_>, key: Key, rules: &Retention, whatever: bool) -> Result<u64, Refusal> {
    let cut = ctx.warm(key, rules.cut(ctx.stream(key), 0, ctx.now_ms, whatever))?;
    let Some(cut) = cut else { return Ok(0) };
    let plan = up_to(ctx, key, cut, None)?;
    let removed = trim::apply(ctx, key, &plan);
    if removed > 0 {
        ctx.notify_key(Class::STREAM, "xtrim", key);
    }
    Ok(removed)
}

fn up_to(ctx: &mut Ctx<'_>, key: Key, cut: StreamId, incoming: Option<Incoming>) -> Result<Plan, Refusal> {
    // The entry that comes is never among them.
    let cut = incoming.map_or(cut, |new| cut.min(new.id));
    let trim = Trim { bound: Bound::MinId(cut), about: false, limit: None };
    trim::plan(ctx, Some(key), &trim, References::Keep, incoming)
}
