//! Lists of ids in effects: in memory while they are written, packed while they are read.

use crate::codec::{Put, Reader};
use crate::error::Result;
use crate::id::StreamId;

/// A list of ids: in memory while it is written, packed while it is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ids<'a> {
    /// Ids to be written.
    Listed(&'a [StreamId]),
    /// Ids as they stand in a batch (count first).
    Packed(&'a [u8]),
}

impl Ids<'_> {
    /// The ids in order.
    pub fn for_each(&self, mut visit: impl FnMut(StreamId)) -> Result<()> {
        match self {
            Ids::Listed(ids) => ids.iter().for_each(|id| visit(*id)),
            Ids::Packed(bytes) => {
                let mut r = Reader::new(bytes, "id list");
                let mut ms = 0u64;
                while !r.is_empty() {
                    ms = ms.wrapping_add(r.signed()? as u64);
                    visit(StreamId { ms, seq: r.num()? });
                }
            }
        }
        Ok(())
    }

    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Ids::Packed(bytes) => out.put_bytes(bytes),
            Ids::Listed(ids) => {
                // Milliseconds as differences: neighbours in a delivery are close to one another.
                let mut packed = Vec::with_capacity(ids.len() * 4);
                let mut before = 0u64;
                for id in *ids {
                    packed.put_signed(id.ms.wrapping_sub(before) as i64);
                    packed.put_num(id.seq);
                    before = id.ms;
                }
                out.put_bytes(&packed);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::batch::Effect;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn id_lists_come_back(ids in prop::collection::vec((any::<u64>(), any::<u64>()), 0..20)) {
            let ids: Vec<StreamId> = ids.into_iter().map(|(ms, seq)| StreamId { ms, seq }).collect();
            let mut bytes = Vec::new();
            Effect::Ack { group: 1, ids: Ids::Listed(&ids) }.encode(&mut bytes);
            let mut back = Vec::new();
            match Effect::decode(&mut Reader::new(&bytes, "test")).unwrap() {
                Effect::Ack { ids, .. } => ids.for_each(|id| back.push(id)).unwrap(),
                other => prop_assert!(false, "{other:?}"),
            }
            prop_assert_eq!(back, ids);
        }
    }
}
