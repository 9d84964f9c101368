//! Which entries of a stream go by themselves, and which must stay: a trigger, floors, and what groups still need.
//!
//! Only entries at the front go, up to one place: the **cut**. Whatever is doubtful stays. Ids are compared as numbers.

use brooklet_storage::StreamId;
use brooklet_storage::stream::Stream;
use brooklet_storage::stream::group::Group;
use brooklet_storage::stream::log::Cold;

/// What has to be true of an entry besides a limit before it goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Retain {
    /// Nothing.
    #[default]
    Limits,
    /// Every group has acknowledged it. Without a group nobody has.
    Acked,
    /// The same, and then it goes whatever the limits say. Without a group nobody is interested.
    Interest,
}

/// The rules for entries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retention {
    /// The preset: 0 low to 3 critical.
    pub priority: Option<usize>,
    /// What has to be true of an entry before it goes.
    pub retain: Retain,
    /// Entries that may be there; 0 = as many as there are.
    pub maxlen: u64,
    /// Milliseconds that an entry may be old; 0 = as old as it is.
    pub maxage_ms: i64,
    /// Younger entries stay.
    pub min_ms: i64,
    /// The newest so many stay.
    pub min_count: u64,
    /// Groups that have to acknowledge; none = all.
    pub scope: Option<Vec<Box<[u8]>>>,
    /// A writer is refused when too many have to stay.
    pub reject: bool,
    /// Entries above `maxlen` that are removed together.
    pub batch: u64,
}

impl Default for Retention {
    fn default() -> Retention {
        let (priority, retain, scope) = (None, Retain::Limits, None);
        Retention {
            priority,
            retain,
            maxlen: 0,
            maxage_ms: 0,
            min_ms: 0,
            min_count: 0,
            scope,
            reject: false,
            batch: 100,
        }
    }
}

/// What `high` and `critical` keep at least.
const HIGH_MS: i64 = 600_000;
/// Ages are looked at about so often.
const AGE_SLACK_MS: i64 = 1000;

impl Retention {
    /// Takes over a preset: 0 low to 3 critical.
    pub(super) fn prefer(&mut self, priority: usize) {
        self.priority = Some(priority);
        self.retain = if priority == 0 { Retain::Limits } else { Retain::Acked };
        self.min_ms = if priority >= 2 { HIGH_MS } else { 0 };
        self.reject = priority >= 3;
    }

    /// Whether anything ever goes by itself, or is refused.
    pub fn is_active(&self) -> bool {
        self.maxlen > 0 || self.maxage_ms > 0 || self.retain == Retain::Interest
    }

    /// Whether it is worth finding the cut for a stream that gets `incoming` entries more.
    pub fn is_due(&self, stream: &Stream, incoming: u64, now_ms: i64) -> bool {
        let len = stream.len() + incoming;
        let too_long = self.maxlen > 0 && len >= self.maxlen.saturating_add(if self.reject { 1 } else { self.batch });
        let oldest_ms = i64::try_from(stream.log.first_id().ms).unwrap_or(i64::MAX);
        let slack_ms = (self.maxage_ms / 16).min(AGE_SLACK_MS);
        let too_old = self.maxage_ms > 0 && oldest_ms < now_ms.saturating_sub(self.maxage_ms).saturating_sub(slack_ms);
        !stream.is_empty() && (too_long || too_old || self.retain == Retain::Interest)
    }

    /// The id below which entries go now, none if none do. `whatever`: as if every limit were exceeded.
    pub fn cut(&self, stream: &Stream, incoming: u64, now_ms: i64, whatever: bool) -> Result<Option<StreamId>, Cold> {
        let first = stream.log.first_id();
        // What groups need is known without looking at entries: first this.
        let mut most = if self.retain == Retain::Limits { StreamId::MAX } else { self.needed_from(stream) };
        if self.min_ms > 0 {
            most = most.min(at(now_ms.saturating_sub(self.min_ms)));
        }
        if stream.is_empty() || most <= first {
            return Ok(None);
        }
        let len = stream.len() + incoming;
        let all_but = |stay: u64| match len.checked_sub(stay) {
            None | Some(0) => Ok(first),
            Some(go) => Ok(stream.log.nth(go)?.unwrap_or(StreamId::MAX)),
        };
        if self.min_count > 0 {
            most = most.min(all_but(self.min_count)?);
        }
        let mut cut = if whatever || self.retain == Retain::Interest { StreamId::MAX } else { first };
        if self.maxlen > 0 && cut < most {
            cut = cut.max(all_but(self.maxlen)?);
        }
        if self.maxage_ms > 0 {
            cut = cut.max(at(now_ms.saturating_sub(self.maxage_ms)));
        }
        Ok(Some(cut.min(most)).filter(|cut| *cut > first))
    }

    /// The first id that a group needs, or an id behind all that were acknowledged.
    fn needed_from(&self, stream: &Stream) -> StreamId {
        let needs = |group: &Group| {
            let cursor = group.last_delivered.next().unwrap_or(StreamId::MAX);
            group.pending.bounds().map_or(cursor, |(oldest, _)| oldest.min(cursor))
        };
        let needed = match &self.scope {
            None => stream.groups().map(|(_, group)| needs(group)).min(),
            Some(names) => names.iter().map(|name| stream.group(name).map_or(StreamId::MIN, needs)).min(),
        };
        let nobody = if self.retain == Retain::Interest { StreamId::MAX } else { StreamId::MIN };
        needed.unwrap_or(nobody)
    }
}

/// The first id of a time.
fn at(ms: i64) -> StreamId {
    StreamId::new(u64::try_from(ms).unwrap_or(0), 0)
}
