//! Trimming, as XADD and XTRIM share it: its clauses, and a plan of what goes.
//!
//! A plan is made before anything changes, for the stream as it will be with the entry that XADD brings, because
//! reading may have to wait for the disk. The one surprising rule: with ACKED, trimming goes on past entries it must
//! keep, until the length or the id it was given is reached.

use super::references::References;
use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::{self, Refusal};
use crate::command::number;
use brooklet_storage::StreamId;
use brooklet_storage::batch::{Effect, Ids};
use brooklet_storage::store::Key;
use brooklet_storage::stream::Stream;
use brooklet_storage::stream::log::{Cold, IdRange, Incoming};
use std::ops::ControlFlow;

/// Which entries go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bound {
    /// All but the newest so many.
    MaxLen(u64),
    /// All below this id.
    MinId(StreamId),
}

/// What to trim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trim {
    /// Which entries go.
    pub bound: Bound,
    /// Only whole nodes (`~`).
    pub about: bool,
    /// At most so many entries go (only with `~`); 0 = no limit.
    pub limit: Option<u64>,
}

/// The clauses about trimming, in the order they were typed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Clauses {
    trim: Option<Trim>,
    limit: Option<u64>,
    references: Option<References>,
}

impl Clauses {
    /// Reads the clause at the front of `args`: how many arguments it took; 0 = it is none.
    pub fn read(&mut self, args: Args<'_>) -> Result<usize, Refusal> {
        let word = args.at(0);
        if let Some(references) = References::parse(word) {
            return if self.references.replace(references).is_none() { Ok(1) } else { Err(error::SYNTAX) };
        }
        if args.len() < 2 {
            return Ok(0);
        }
        if word.eq_ignore_ascii_case(b"LIMIT") {
            let count = u64::try_from(number::arg(args.at(1))?).map_err(|_| error::stream::TRIM_LIMIT_NEGATIVE)?;
            self.limit = Some(count);
            return Ok(2);
        }
        let by_length = word.eq_ignore_ascii_case(b"MAXLEN");
        if !by_length && !word.eq_ignore_ascii_case(b"MINID") {
            return Ok(0);
        }
        if self.trim.is_some() {
            return Err(error::stream::TRIM_BOTH);
        }
        let marked = args.len() > 2 && matches!(args.at(1), b"~" | b"=");
        let bound = Bound::parse(by_length, args.at(1 + usize::from(marked)))?;
        self.trim = Some(Trim { bound, about: marked && args.at(1) == b"~", limit: None });
        Ok(2 + usize::from(marked))
    }

    /// What the clauses mean together. `required`: there must be a bound.
    pub fn finish(self, required: bool) -> Result<(Option<Trim>, References), Refusal> {
        match (self.trim, self.limit) {
            (None, Some(1..)) => return Err(error::stream::TRIM_LIMIT_WITHOUT_STRATEGY),
            (None, _) if required => return Err(error::stream::TRIM_NO_STRATEGY),
            (trim, Some(_)) if !trim.is_some_and(|t| t.about) => return Err(error::stream::TRIM_LIMIT_WITHOUT_ABOUT),
            _ => {}
        }
        Ok((self.trim.map(|trim| Trim { limit: self.limit, ..trim }), self.references.unwrap_or_default()))
    }
}

impl Bound {
    fn parse(by_length: bool, threshold: &[u8]) -> Result<Bound, Refusal> {
        if by_length {
            let n = u64::try_from(number::arg(threshold)?).map_err(|_| error::stream::TRIM_MAXLEN_NEGATIVE)?;
            Ok(Bound::MaxLen(n))
        } else {
            Ok(Bound::MinId(super::id::strict(threshold, 0)?))
        }
    }
}

impl Trim {
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

/// Everything that trimming will change. What it needs is in memory.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// The first id that stays, and how many entries below it go.
    front: Option<(StreamId, u64)>,
    /// Entries that go although an older one stays.
    scattered: Vec<StreamId>,
    /// What will not be pending any more: group number and ids.
    released: Vec<(u32, Vec<StreamId>)>,
}

/// Plans the trimming of the stream `key` (of a new one if there is none), to which `incoming` is appended first.
pub fn plan(
    ctx: &Ctx<'_>,
    key: Option<Key>,
    trim: &Trim,
    references: References,
    incoming: Option<Incoming>,
) -> Result<Plan, Refusal> {
    let at_most = trim.at_most(ctx.engine.store.node_limits.entries);
    let Some(key) = key else {
        let planned = Subject { stream: &Stream::default(), incoming, at_most }.plan(trim, references);
        // A new stream has nothing on disk.
        return Ok(planned.unwrap_or_default());
    };
    ctx.warm(key, Subject { stream: ctx.stream(key), incoming, at_most }.plan(trim, references))
}

/// Does what was planned; how many entries went.
pub fn apply(ctx: &mut Ctx<'_>, key: Key, plan: &Plan) -> u64 {
    for (group, ids) in &plan.released {
        ctx.store().change(key, &Effect::Ack { group: *group, ids: Ids::Listed(ids) });
    }
    if let Some((first, removed)) = plan.front {
        ctx.store().change(key, &Effect::Trim { first, removed });
    }
    if !plan.scattered.is_empty() {
        let (last, added) = (ctx.stream(key).last_id, ctx.stream(key).entries_added);
        let (max_deleted, first) = (ctx.stream(key).max_deleted, ctx.stream(key).log.first_id());
        for id in &plan.scattered {
            ctx.store().change(key, &Effect::DeleteEntry { id: *id, first });
        }
        // Trimming does not count as deleting.
        ctx.store().change(key, &Effect::StreamCounters { last, added, max_deleted });
    }
    plan.front.map_or(0, |(_, removed)| removed) + plan.scattered.len() as u64
}

/// The stream as it will be when trimming begins.
struct Subject<'a> {
    stream: &'a Stream,
    incoming: Option<Incoming>,
    at_most: u64,
}

impl Subject<'_> {
    fn len(&self) -> u64 {
        self.stream.len() + u64::from(self.incoming.is_some())
    }

    /// The first entry from `id` on, or an id behind all.
    fn first_from(&self, id: StreamId) -> Result<StreamId, Cold> {
        let incoming = self.incoming.map(|new| new.id);
        let found = self.stream.log.first_from(id)?.or(incoming.filter(|new| *new >= id));
        Ok(found.unwrap_or_else(|| incoming.unwrap_or(self.stream.last_id).next().unwrap_or(StreamId::MAX)))
    }

    fn plan(&self, trim: &Trim, references: References) -> Result<Plan, Cold> {
        let idle = match trim.bound {
            Bound::MaxLen(max) => self.len() <= max,
            Bound::MinId(id) => !self.stream.is_empty() && id <= self.stream.log.first_id(),
        };
        if idle {
            return Ok(Plan::default());
        }
        if references == References::Acked && self.stream.groups().len() > 0 {
            return self.unreferenced(trim);
        }
        let front = match trim.bound {
            _ if trim.about => self.whole_nodes(trim)?,
            Bound::MaxLen(max) => self.all_but(max)?,
            Bound::MinId(id) => self.below(id)?,
        };
        let released = match front {
            Some((first, _)) if references == References::Delete => self.released(first)?,
            _ => Vec::new(),
        };
        Ok(Plan { front, released, ..Plan::default() })
    }

    fn all_but(&self, max: u64) -> Result<Option<(StreamId, u64)>, Cold> {
        let removed = self.len() - max;
        let first = match self.stream.log.nth(removed)? {
            Some(id) => id,
            None if max > 0 => self.first_from(self.incoming.map_or(StreamId::MAX, |new| new.id))?,
            None => self.first_from(StreamId::MAX)?,
        };
        Ok(Some((first, removed)))
    }

    fn below(&self, id: StreamId) -> Result<Option<(StreamId, u64)>, Cold> {
        let before = match id.prev() {
            Some(_) if id > self.stream.last_id => self.stream.len(),
            Some(prev) => self.stream.log.rank(prev)?,
            None => 0,
        };
        let removed = before + u64::from(self.incoming.is_some_and(|new| new.id < id));
        Ok(if removed == 0 { None } else { Some((self.first_from(id)?, removed)) })
    }

    /// Whether a node may go as a whole.
    fn may_go(&self, trim: &Trim, gone: u64, node: u64, last: StreamId) -> bool {
        let allowed = match trim.bound {
            Bound::MaxLen(max) => (self.len() - gone).saturating_sub(node) >= max,
            Bound::MinId(id) => last < id,
        };
        allowed && gone.saturating_add(node) <= self.at_most
    }

    fn whole_nodes(&self, trim: &Trim) -> Result<Option<(StreamId, u64)>, Cold> {
        let may_go = |gone, node, last| self.may_go(trim, gone, node, last);
        let Some((removed, last)) = self.stream.log.node_cut(self.incoming, may_go)? else { return Ok(None) };
        Ok(Some((self.first_from(last.next().unwrap_or(StreamId::MAX))?, removed)))
    }

    /// What groups have pending of the entries below `first`.
    fn released(&self, first: StreamId) -> Result<Vec<(u32, Vec<StreamId>)>, Cold> {
        let range = IdRange { start: StreamId::MIN, end: first.prev().unwrap_or(StreamId::MIN) };
        let pending = |group: &brooklet_storage::stream::group::Group| -> Vec<StreamId> {
            group.pending.range(range.start, range.end).map(|(id, _)| id).collect()
        };
        let held = self.stream.groups().map(|(_, group)| (group.number, pending(group)));
        let mut held: Vec<_> = held.filter(|(_, ids)| !ids.is_empty()).collect();
        if !held.is_empty() {
            let live = self.stream.log.ids(range)?;
            held.iter_mut().for_each(|(_, ids)| ids.retain(|id| live.binary_search(id).is_ok()));
        }
        Ok(held)
    }

    /// Entries that no group needs, as far as the bound allows.
    fn unreferenced(&self, trim: &Trim) -> Result<Plan, Cold> {
        // Behind the slowest cursor everything is needed: no reason to look there.
        let slowest = self.stream.groups().map(|(_, group)| group.last_delivered).min().unwrap_or(StreamId::MAX);
        let (mut doomed, mut kept) = (Vec::new(), None);
        self.stream.log.walk_nodes(self.incoming, |live, last| {
            if trim.about && !self.may_go(trim, doomed.len() as u64, live.len() as u64, last) {
                return ControlFlow::Break(());
            }
            for id in live {
                let enough = match trim.bound {
                    Bound::MaxLen(max) => self.len() - doomed.len() as u64 <= max,
                    Bound::MinId(min) => *id >= min,
                };
                if enough || *id > slowest {
                    return ControlFlow::Break(());
                }
                if self.stream.is_referenced(*id) {
                    kept.get_or_insert(*id);
                } else {
                    doomed.push(*id);
                }
            }
            ControlFlow::Continue(())
        })?;
        let scattered = doomed.split_off(kept.map_or(doomed.len(), |kept| doomed.partition_point(|id| *id < kept)));
        let front = match doomed.last() {
            Some(last) => Some((self.first_from(last.next().unwrap_or(StreamId::MAX))?, doomed.len() as u64)),
            None => None,
        };
        Ok(Plan { front, scattered, released: Vec::new() })
    }
}
