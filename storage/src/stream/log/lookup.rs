//! Finding many single entries at once: what a group has pending may lie anywhere in the stream.
//!
//! All chunks that are only on disk are named together, so that a call that needs a hundred entries is run again once
//! and not a hundred times. Must never know: groups.

use super::{Cold, Log};
use crate::id::StreamId;
use crate::stream::chunk::Entry;

impl Log {
    /// The live entry of each id, in the order of the ids; `None` for one that is gone.
    pub fn entries(&self, ids: impl IntoIterator<Item = StreamId>) -> Result<Vec<Option<Entry>>, Cold> {
        self.each(ids, |id| self.get(id))
    }

    /// Whether each id is a live entry, in the order of the ids.
    pub fn contain(&self, ids: impl IntoIterator<Item = StreamId>) -> Result<Vec<bool>, Cold> {
        self.each(ids, |id| self.contains(id))
    }

    fn each<T>(
        &self,
        ids: impl IntoIterator<Item = StreamId>,
        look: impl Fn(StreamId) -> Result<T, Cold>,
    ) -> Result<Vec<T>, Cold> {
        let (mut found, mut missing) = (Vec::new(), Vec::new());
        for id in ids {
            match look(id) {
                Ok(one) => found.push(one),
                Err(Cold(chunks)) => missing.extend(chunks),
            }
        }
        if missing.is_empty() {
            return Ok(found);
        }
        missing.sort_unstable_by_key(|chunk| chunk.ordinal);
        missing.dedup();
        Err(Cold(missing))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stream::log::NodeLimits;

    #[test]
    fn names_every_chunk_once_and_keeps_the_order() {
        let mut log = Log::default();
        let id = |ms| StreamId::new(ms, 0);
        (1..=60).for_each(|ms| {
            log.append(id(ms), &[0; 1000], NodeLimits::default());
        });
        let found = log.entries([id(40), id(99), id(2)]).unwrap();
        let ids: Vec<Option<u64>> = found.iter().map(|e| e.as_ref().map(|e| e.id.ms)).collect();
        assert_eq!(ids, [Some(40), None, Some(2)]);
        assert_eq!(log.contain([id(60), id(61)]).unwrap(), [true, false]);
        for ordinal in 0..log.sealed_chunks() {
            let bytes = log.unsettled().find(|(o, ..)| *o == ordinal).unwrap().2;
            log.settled(ordinal, 1, &bytes);
            log.evict(ordinal);
        }
        let Err(Cold(chunks)) = log.contain([id(20), id(1), id(2), id(60)]) else { panic!("all warm") };
        assert_eq!(chunks.iter().map(|c| c.ordinal).collect::<Vec<_>>(), [0, 1]);
    }
}
