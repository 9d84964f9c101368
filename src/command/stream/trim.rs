//! Trimming, as XADD and XTRIM share it: MAXLEN or MINID, exactly or by whole nodes, with or without references.
//!
//! Trimming moves the first id up; space comes back later. DELREF and ACKED look at entries one by one, because they
//! touch or respect what groups hold.

use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::{self, Refusal};
use crate::command::number;
use brooklet_storage::StreamId;
use brooklet_storage::batch::{Effect, Ids};
use brooklet_storage::store::Key;
use brooklet_storage::stream::log::IdRange;

/// What happens to the references that groups hold on an entry that is to be deleted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum References {
    /// They stay, dangling.
    #[default]
    Keep,
    /// They go, too.
    Delete,
    /// An entry with references is not deleted.
    Acked,
}

impl References {
    /// Reads KEEPREF, DELREF or ACKED.
    pub fn parse(word: &[u8]) -> Option<References> {
        match () {
            () if word.eq_ignore_ascii_case(b"KEEPREF") => Some(References::Keep),
            () if word.eq_ignore_ascii_case(b"DELREF") => Some(References::Delete),
            () if word.eq_ignore_ascii_case(b"ACKED") => Some(References::Acked),
            () => None,
        }
    }
}

/// Which entries go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bound {
    /// All but the newest so many.
    MaxLen(u64),
    /// All below this id.
    MinId(StreamId),
}

/// A trimming clause.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trim {
    /// Which entries go.
    pub bound: Bound,
    /// Only whole nodes (`~`).
    pub about: bool,
    /// At most so many entries go (only with `~`); 0 = no limit.
    pub limit: Option<u64>,
}

impl Trim {
    /// Reads `MAXLEN|MINID [=|~] threshold` at the front of `args`: it, and how many arguments it took.
    pub fn parse(args: Args<'_>) -> Result<Option<(Trim, usize)>, Refusal> {
        let word = args.at(0);
        let by_length = word.eq_ignore_ascii_case(b"MAXLEN");
        if !by_length && !word.eq_ignore_ascii_case(b"MINID") || args.len() < 2 {
            return Ok(None);
        }
        let marked = args.len() > 2 && matches!(args.at(1), b"~" | b"=");
        let about = marked && args.at(1) == b"~";
        let threshold = args.at(1 + usize::from(marked));
        let bound = if by_length {
            let n = number::arg(threshold)?;
            Bound::MaxLen(u64::try_from(n).map_err(|_| error::stream::TRIM_MAXLEN_NEGATIVE)?)
        } else {
            Bound::MinId(super::id::strict(threshold, 0)?)
        };
        Ok(Some((Trim { bound, about, limit: None }, 2 + usize::from(marked))))
    }

    /// Reads `LIMIT count` at the front of `args`.
    pub fn parse_limit(args: Args<'_>) -> Result<Option<u64>, Refusal> {
        if !args.at(0).eq_ignore_ascii_case(b"LIMIT") || args.len() < 2 {
            return Ok(None);
        }
        let n = number::arg(args.at(1))?;
        u64::try_from(n).map(Some).map_err(|_| error::stream::TRIM_LIMIT_NEGATIVE)
    }

    /// Entries that one call removes at most: what was asked, or a hundred nodes' worth with `~`.
    fn at_most(&self, node_entries: u32) -> u64 {
        match (self.about, self.limit) {
            (false, _) | (true, Some(0)) => u64::MAX,
            (true, Some(limit)) => limit,
            (true, None) if node_entries == 0 => 10_000,
            (true, None) => u64::from(node_entries).saturating_mul(100).min(1_000_000),
        }
    }
}

/// Trims the stream `key`; how many entries went.
pub fn run(ctx: &mut Ctx<'_>, key: Key, trim: &Trim, references: References) -> Result<u64, Refusal> {
    let Some((first, removed)) = cut(ctx, key, trim)? else { return Ok(0) };
    if references != References::Keep && !ctx.stream(key).groups().len().eq(&0) {
        return one_by_one(ctx, key, first, removed, references);
    }
    let kept = ctx.warm(key, ctx.stream(key).log.first_from(first))?;
    ctx.store().change(key, &Effect::Trim { first: kept.unwrap_or(first), removed });
    Ok(removed)
}

/// Where the stream is cut: the first id that stays, and how many entries are below it.
fn cut(ctx: &Ctx<'_>, key: Key, trim: &Trim) -> Result<Option<(StreamId, u64)>, Refusal> {
    let log = &ctx.stream(key).log;
    let limits = ctx.engine.store.node_limits;
    let removed = match trim.bound {
        Bound::MaxLen(max) => log.len().saturating_sub(max),
        Bound::MinId(_) if log.is_empty() => 0,
        Bound::MinId(id) if id <= log.first_id() => 0,
        Bound::MinId(_) => u64::MAX,
    };
    if removed == 0 {
        return Ok(None);
    }
    if trim.about {
        let at_most = trim.at_most(limits.entries);
        let fits = |gone: u64, node: u64, node_last: StreamId| {
            let allowed = match trim.bound {
                Bound::MaxLen(max) => log.len() - gone - node >= max,
                Bound::MinId(id) => node_last < id,
            };
            allowed && gone.saturating_add(node) <= at_most
        };
        let found = ctx.warm(key, log.node_cut(None, fits))?;
        return Ok(found.map(|(removed, first)| (first, removed)));
    }
    match trim.bound {
        Bound::MaxLen(_) => {
            let first = ctx.warm(key, log.nth(removed))?;
            Ok(Some((first.unwrap_or_else(|| after_all(ctx, key)), removed)))
        }
        Bound::MinId(id) => {
            let below = id.prev().unwrap_or(StreamId::MIN);
            let removed = ctx.warm(key, log.rank(below))?;
            Ok((removed > 0).then_some((id, removed)))
        }
    }
}

fn after_all(ctx: &Ctx<'_>, key: Key) -> StreamId {
    ctx.stream(key).last_id.next().unwrap_or(StreamId::MAX)
}

/// Deletes the entries below `first` one by one, as far as their references allow.
fn one_by_one(
    ctx: &mut Ctx<'_>,
    key: Key,
    first: StreamId,
    removed: u64,
    references: References,
) -> Result<u64, Refusal> {
    let end = first.prev().unwrap_or(StreamId::MIN);
    let doomed = ctx.stream(key).log.range(IdRange { start: StreamId::MIN, end }, removed as usize);
    let doomed: Vec<StreamId> = ctx.warm(key, doomed)?.into_iter().map(|e| e.id).collect();
    let mut gone = 0;
    for id in doomed {
        if references == References::Acked && ctx.stream(key).is_referenced(id) {
            continue;
        }
        delete_entry(ctx, key, id, DeletedBy::Trim)?;
        drop_references(ctx, key, id);
        gone += 1;
    }
    Ok(gone)
}

/// Who deletes an entry: only a command about this entry raises the stream's largest deleted id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeletedBy {
    /// XDEL and its relatives.
    Command,
    /// Trimming.
    Trim,
}

/// Deletes one live entry.
pub fn delete_entry(ctx: &mut Ctx<'_>, key: Key, id: StreamId, by: DeletedBy) -> Result<(), Refusal> {
    let stream = ctx.stream(key);
    let max_deleted = stream.max_deleted;
    let first = match id.next().filter(|_| id == stream.log.first_id()) {
        None => stream.log.first_id(),
        Some(next) => ctx.warm(key, stream.log.first_from(next))?.unwrap_or(next),
    };
    ctx.store().change(key, &Effect::DeleteEntry { id, first });
    if by == DeletedBy::Trim && ctx.stream(key).max_deleted != max_deleted {
        let (last, added) = (ctx.stream(key).last_id, ctx.stream(key).entries_added);
        ctx.store().change(key, &Effect::StreamCounters { last, added, max_deleted });
    }
    Ok(())
}

/// Makes `id` pending in no group.
pub fn drop_references(ctx: &mut Ctx<'_>, key: Key, id: StreamId) {
    for group in ctx.stream(key).groups_pending(id) {
        ctx.store().change(key, &Effect::Ack { group, ids: Ids::Listed(&[id]) });
    }
}
