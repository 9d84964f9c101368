//! How much one call of XREAD or XREADGROUP may answer: COUNT for each stream, MAXCOUNT and MAXSIZE for all of them.
//!
//! MAXSIZE is soft: it is looked at before each further entry, so one entry always passes, and the last one may be
//! larger than what was left.

use super::{entry_reply, many};
use crate::broker::Ctx;
use crate::command::error::Refusal;
use crate::reply::Reply;
use brooklet_storage::StreamId;
use brooklet_storage::store::Key;
use brooklet_storage::stream::chunk::Entry;
use brooklet_storage::stream::log::IdRange;

/// What a call asks for; the largest number = no bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Entries of each stream.
    pub count: usize,
    /// Entries of all streams.
    pub max_count: usize,
    /// Bytes of the reply.
    pub max_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { count: usize::MAX, max_count: usize::MAX, max_bytes: usize::MAX }
    }
}

/// Entries that are read at once when only their size says how many fit.
const STEP: usize = 64;

/// What is left of the limits while streams are served one after the other.
#[derive(Clone, Debug)]
pub struct Budget {
    limits: Limits,
    given: usize,
    of_stream: usize,
    /// What a policy allows of the open stream.
    allowed: usize,
    bytes: usize,
}

impl Budget {
    /// Everything is left.
    pub fn new(limits: Limits) -> Budget {
        Budget { limits, given: 0, of_stream: 0, allowed: usize::MAX, bytes: 0 }
    }

    /// The next stream begins; whether anything is left for it.
    pub fn open(&mut self, name: &[u8]) -> bool {
        (self.of_stream, self.allowed) = (0, usize::MAX);
        let left = self.room() > 0;
        // An array of two, the name, an array of entries.
        self.bytes = self.bytes.saturating_add(4 + bulk_len(name.len()) + 6);
        left
    }

    /// Entries that the open stream may still give.
    pub fn room(&self) -> usize {
        if self.given > 0 && self.bytes >= self.limits.max_bytes {
            return 0;
        }
        let asked = (self.limits.count - self.of_stream).min(self.limits.max_count - self.given);
        asked.min(self.allowed - self.of_stream)
    }

    /// The open stream gives no more than `most`.
    pub fn allow(&mut self, most: usize) {
        self.allowed = most;
    }

    /// How many entries to read at once.
    pub fn step(&self) -> usize {
        if self.limits.max_bytes == usize::MAX { self.room() } else { self.room().min(STEP) }
    }

    /// Counts an entry that is given.
    pub fn take(&mut self, entry: Option<&Entry>) {
        self.given += 1;
        self.of_stream += 1;
        if self.limits.max_bytes != usize::MAX {
            self.bytes = self.bytes.saturating_add(entry.map_or(40, entry_len));
        }
    }

    /// What is answered of the entries above `after`; none if there are none.
    pub fn answer(&mut self, ctx: &Ctx<'_>, key: Key, after: StreamId) -> Result<Option<Reply>, Refusal> {
        let log = &ctx.stream(key).log;
        if self.limits.max_bytes == usize::MAX
            && let Some(range) = IdRange::after(after)
            && many(log, range, self.room())
        {
            let selection = ctx.warm(key, log.select(range, self.room(), false))?;
            let found = usize::try_from(selection.len()).unwrap_or(usize::MAX);
            (self.given, self.of_stream) = (self.given + found, self.of_stream + found);
            return Ok((found > 0).then(|| Reply::Entries(Box::new(selection))));
        }
        let entries = self.read(ctx, key, after)?;
        let reply = |entries: Vec<Entry>| Reply::Array(entries.into_iter().map(|e| entry_reply(e, None)).collect());
        Ok((!entries.is_empty()).then(|| reply(entries)))
    }

    /// Reads what fits of the entries above `after`.
    pub fn read(&mut self, ctx: &Ctx<'_>, key: Key, after: StreamId) -> Result<Vec<Entry>, Refusal> {
        let stream = ctx.stream(key);
        let (mut out, mut after) = (Vec::new(), after);
        while after < stream.last_id && self.room() > 0 {
            let (Some(range), step) = (IdRange::after(after), self.step()) else { break };
            let found = ctx.warm(key, stream.log.range(range, step))?;
            let more = found.len() == step;
            for entry in found {
                if self.room() == 0 {
                    return Ok(out);
                }
                self.take(Some(&entry));
                after = entry.id;
                out.push(entry);
            }
            if !more {
                break;
            }
        }
        Ok(out)
    }
}

fn bulk_len(len: usize) -> usize {
    len + 5 + len.checked_ilog10().unwrap_or(0) as usize + 1
}

/// Bytes of an entry in a reply, about: array, id, array of fields.
fn entry_len(entry: &Entry) -> usize {
    38 + entry.fields.iter().map(|item| bulk_len(item.len())).sum::<usize>()
}

#[cfg(test)]
mod tests {
    use super::*;
    use brooklet_storage::Fields;

    fn entry() -> Entry {
        Entry { id: StreamId::new(1, 1), fields: Fields::from_packed(vec![1, 1, b'f', 1, b'v'].into()) }
    }

    #[test]
    fn count_is_for_each_stream_and_maxcount_for_all() {
        let mut budget = Budget::new(Limits { count: 2, max_count: 3, ..Limits::default() });
        assert!(budget.open(b"a"));
        assert_eq!(budget.room(), 2);
        budget.take(Some(&entry()));
        budget.take(Some(&entry()));
        assert_eq!(budget.room(), 0);
        assert!(budget.open(b"b"));
        assert_eq!(budget.room(), 1);
        budget.take(Some(&entry()));
        assert!(!budget.open(b"c"));
    }

    #[test]
    fn one_entry_always_fits() {
        let mut budget = Budget::new(Limits { max_bytes: 1, ..Limits::default() });
        assert!(budget.open(b"a"));
        assert_eq!(budget.step(), STEP);
        budget.take(Some(&entry()));
        assert_eq!(budget.room(), 0);
    }
}
