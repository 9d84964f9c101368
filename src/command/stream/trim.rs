//! Trimming, as XADD and XTRIM share it: its clauses, and a plan of what goes.
//!
//! A plan is made before anything changes, for the stream as it will be with the entry that XADD brings, because
//! reading may have to wait for the disk. The one surprising rule: with ACKED, trimming goes on past entries it must
//! keep, until the length or the id it was given is reached.
//!
//! ACKED and DELREF have to look into every chunk, and all of them need not fit in memory. So these two work in rounds:
//! a round trims as far as about [`ROUND_BYTES`] of chunks reach, as a smaller call of its own would, and the call that
//! is run again after a load goes on where the last round ended ([`Ctx::progress`]).

use super::references::References;
use crate::broker::Ctx;
use crate::broker::context::Progress;
use crate::command::args::Args;
use crate::command::error::{self, Refusal};
use crate::command::number;
use brooklet_storage::StreamId;
use brooklet_storage::batch::{Effect, Ids};
use brooklet_storage::store::Key;
use brooklet_storage::stream::Stream;
use brooklet_storage::stream::group::Group as PendingGroup;
use brooklet_storage::stream::log::{Cold, CutLimit, IdRange, Incoming};
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

/// Bytes of chunks that one round of trimming with ACKED or DELREF needs in memory, about.
const ROUND_BYTES: u64 = 1 << 20;

/// Everything that trimming will change. What it needs is in memory.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// Entries that earlier rounds took already.
    earlier: u64,
    /// The first id that stays, and how many entries below it go.
    front: Option<(StreamId, u64)>,
    /// Entries that go although an older one stays.
    scattered: Vec<StreamId>,
    /// What will not be pending any more: group number and ids.
    released: Vec<(u32, Vec<StreamId>)>,
}

impl Plan {
    /// How many entries it takes, earlier rounds included.
    pub fn removed(&self) -> u64 {
        self.earlier + self.front.map_or(0, |(_, removed)| removed) + self.scattered.len() as u64
    }
}

/// Plans the trimming of the stream `key` (of a new one if there is none), to which `incoming` is appended first. All
/// rounds but the last are done already then.
pub fn plan(
    ctx: &mut Ctx<'_>,
    key: Option<Key>,
    trim: &Trim,
    references: References,
    incoming: Option<Incoming>,
) -> Result<Plan, Refusal> {
    let at_most = trim.at_most(ctx.engine.store.node_limits.entries);
    let Some(key) = key else {
        let stream = &Stream::default();
        let subject = Subject { stream, incoming, at_most, progress: Progress::default(), round_bytes: u64::MAX };
        let planned = subject.plan(trim, references);
        // A new stream has nothing on disk.
        return Ok(planned.map(|(plan, _)| plan).unwrap_or_default());
    };
    loop {
        let progress = ctx.progress();
        let subject = Subject { stream: ctx.stream(key), incoming, at_most, progress, round_bytes: ROUND_BYTES };
        let (plan, next) = ctx.warm(key, subject.plan(trim, references))?;
        let plan = Plan { earlier: progress.done, ..plan };
        let Some(from) = next else { return Ok(plan) };
        let done = apply(ctx, key, &plan);
        ctx.set_progress(Progress { done, from });
    }
}

/// Does what was planned; how many entries went, earlier rounds included.
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
    plan.removed()
}

/// The stream as it will be when trimming begins.
struct Subject<'a> {
    stream: &'a Stream,
    incoming: Option<Incoming>,
    at_most: u64,
    progress: Progress,
    round_bytes: u64,
}

/// What one round does, and the id from which the next one goes on; `None` if this is the last.
type Round = (Plan, Option<StreamId>);

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

    fn plan(&self, trim: &Trim, references: References) -> Result<Round, Cold> {
        let idle = match trim.bound {
            Bound::MaxLen(max) => self.len() <= max,
            Bound::MinId(id) => !self.stream.is_empty() && id <= self.stream.log.first_id(),
        };
        if idle {
            return Ok((Plan::default(), None));
        }
        if references == References::Acked && self.stream.groups().len() > 0 {
            return self.unreferenced(trim);
        }
        let front = match trim.bound {
            _ if trim.about => self.whole_nodes(trim)?,
            Bound::MaxLen(max) => self.all_but(max)?,
            Bound::MinId(id) => self.below(id)?,
        };
        match front {
            Some((first, removed)) if references == References::Delete => self.with_references(first, removed),
            _ => Ok((Plan { front, ..Plan::default() }, None)),
        }
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

    /// How much may go in whole nodes.
    fn cut_limit(&self, trim: &Trim) -> CutLimit {
        let left = self.at_most.saturating_sub(self.progress.done);
        match trim.bound {
            Bound::MaxLen(max) => CutLimit { entries: self.len().saturating_sub(max).min(left), below: None },
            Bound::MinId(id) => CutLimit { entries: left, below: Some(id) },
        }
    }

    fn whole_nodes(&self, trim: &Trim) -> Result<Option<(StreamId, u64)>, Cold> {
        let Some(cut) = self.stream.log.node_cut(self.incoming, self.cut_limit(trim))? else { return Ok(None) };
        Ok(Some((self.first_from(cut.kept_from)?, cut.removed)))
    }

    /// The removal of what is below `first`, together with what groups have pending of it.
    fn with_references(&self, first: StreamId, removed: u64) -> Result<Round, Cold> {
        let log = &self.stream.log;
        let Some(oldest) = self.oldest_pending(first) else {
            return Ok((Plan { front: Some((first, removed)), ..Plan::default() }, None));
        };
        let behind = log.stretch(oldest, self.round_bytes)?.filter(|base| *base < first);
        let (cut, count) = match behind {
            Some(base) => (self.first_from(base)?, log.live_before(base)),
            None => (first, removed),
        };
        let released = self.released(oldest, cut)?;
        Ok((Plan { front: Some((cut, count)), released, ..Plan::default() }, behind))
    }

    /// The smallest id below `end` that a group has pending, unless it is known to be gone.
    fn oldest_pending(&self, end: StreamId) -> Option<StreamId> {
        let last = end.prev()?;
        let oldest =
            |group: &PendingGroup| group.pending.range(self.stream.log.first_id(), last).next().map(|(id, _)| id);
        self.stream.groups().filter_map(|(_, group)| oldest(group)).min()
    }

    /// What groups have pending of the live entries from `start` on and below `end`.
    fn released(&self, start: StreamId, end: StreamId) -> Result<Vec<(u32, Vec<StreamId>)>, Cold> {
        let Some(end) = end.prev() else { return Ok(Vec::new()) };
        let live = self.stream.log.ids(IdRange { start, end })?;
        let pending = |group: &PendingGroup| -> Vec<StreamId> {
            let ids = group.pending.range(start, end).map(|(id, _)| id);
            ids.filter(|id| live.binary_search(id).is_ok()).collect()
        };
        let held = self.stream.groups().map(|(_, group)| (group.number, pending(group)));
        Ok(held.filter(|(_, ids)| !ids.is_empty()).collect())
    }

    /// Entries that no group needs, as far as the bound allows.
    fn unreferenced(&self, trim: &Trim) -> Result<Round, Cold> {
        // Behind the slowest cursor everything is needed: no reason to look there.
        let slowest = self.stream.groups().map(|(_, group)| group.last_delivered).min().unwrap_or(StreamId::MAX);
        let (limit, first) = (self.cut_limit(trim), self.stream.log.first_id());
        // What earlier rounds passed over stays.
        let (mut doomed, mut kept) = (Vec::new(), (first < self.progress.from).then_some(first));
        let next = self.stream.log.walk_nodes(self.progress.from, self.round_bytes, self.incoming, |live, last| {
            if trim.about && !limit.allows((doomed.len() + live.len()) as u64, last) {
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
        Ok((Plan { front, scattered, ..Plan::default() }, next))
    }
}
