//! Any sequence of operations leaves the log in agreement with the map.

use super::super::Incoming;
use super::model::{LIMITS, Pair};
use crate::id::StreamId;
use proptest::prelude::*;

#[derive(Clone, Debug)]
enum Op {
    /// Entries with growing ids: (milliseconds further, packed bytes).
    Append(Vec<(u64, usize)>),
    /// Delete the entry at this share of the length.
    Delete(u8),
    DeleteFirst(u8),
    DeleteLast(u8),
    /// Delete a run of entries from this share on.
    DeleteRun(u8, u16),
    Trim(u16),
    TrimAll,
    /// Trim whole nodes down to this share of the length.
    TrimNodes(u8),
    LowerTop(u8),
    Settle,
    Evict,
    Reload,
    /// Ask between two shares of the ids.
    Ask(u8, u8, usize),
}

fn size() -> impl Strategy<Value = usize> {
    prop_oneof![8 => 1usize..40, 4 => 200usize..2500, 1 => 16_000usize..40_000]
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        6 => prop::collection::vec((0u64..3, size()), 1..40).prop_map(Op::Append),
        3 => any::<u8>().prop_map(Op::Delete),
        2 => (1u8..30).prop_map(Op::DeleteFirst),
        2 => (1u8..30).prop_map(Op::DeleteLast),
        2 => (any::<u8>(), 1u16..80).prop_map(|(a, n)| Op::DeleteRun(a, n)),
        3 => (0u16..60).prop_map(Op::Trim),
        1 => Just(Op::TrimAll),
        3 => any::<u8>().prop_map(Op::TrimNodes),
        1 => any::<u8>().prop_map(Op::LowerTop),
        3 => Just(Op::Settle),
        3 => Just(Op::Evict),
        1 => Just(Op::Reload),
        6 => (any::<u8>(), any::<u8>(), 0usize..50).prop_map(|(a, b, n)| Op::Ask(a, b, n)),
    ]
}

impl Pair {
    fn at(&self, share: u8) -> usize {
        self.live.len() * usize::from(share) / 256
    }

    /// An id at a share of those in use, a little beside an entry half of the time.
    fn id_near(&self, share: u8) -> StreamId {
        let id = self.nth_live(self.at(share)).unwrap_or(self.last);
        match share % 4 {
            0 => id.next().unwrap_or(id),
            1 => id.prev().unwrap_or(id),
            _ => id,
        }
    }

    fn perform(&mut self, op: &Op) {
        match op {
            Op::Append(entries) => {
                for (ms, len) in entries {
                    let later = StreamId::new(self.last.ms + ms, 0);
                    let id = if *ms == 0 { self.last.next().unwrap_or(later) } else { later };
                    self.append(id, vec![*len as u8; *len]);
                }
            }
            Op::Delete(share) => self.delete_run(self.at(*share), 1),
            Op::DeleteFirst(n) => self.delete_run(0, usize::from(*n)),
            Op::DeleteLast(n) => self.delete_run(self.live.len().saturating_sub(usize::from(*n)), usize::from(*n)),
            Op::DeleteRun(share, n) => self.delete_run(self.at(*share), usize::from(*n)),
            Op::Trim(n) => self.trim(usize::from(*n)),
            Op::TrimAll => self.trim(usize::MAX),
            Op::TrimNodes(share) => self.trim_nodes(self.at(*share) as u64),
            Op::LowerTop(share) => self.lower_top(self.id_near(*share)),
            Op::Settle => self.settle(),
            Op::Evict => self.evict(),
            Op::Reload => self.reload(),
            Op::Ask(a, b, count) => self.check_place(self.id_near(*a), self.id_near(*b), *count),
        }
    }

    fn delete_run(&mut self, from: usize, count: usize) {
        let ids: Vec<StreamId> = self.live.keys().skip(from).take(count).copied().collect();
        ids.into_iter().for_each(|id| self.delete(id));
    }

    /// Whole nodes only: what goes is counted rightly, and one node more would be too much.
    fn trim_nodes(&mut self, keep: u64) {
        let len = self.live.len() as u64;
        let (refused, cut) = self.ask_often(|log| {
            let mut refused = None;
            let more = |gone: u64, node: u64, _| {
                assert!(node > 0);
                let fits = len - gone - node >= keep;
                refused = (!fits).then_some(gone + node);
                fits
            };
            log.node_cut(None, more).map(|cut| (refused, cut))
        });
        assert!(refused.is_none_or(|gone| gone <= len && len - gone < keep));
        let Some((removed, last)) = cut else { return };
        assert_eq!(removed, self.live.range(..=last).count() as u64);
        let first = self.ask(|log| log.first_from(last.next().unwrap_or(StreamId::MAX)));
        self.cut(removed as usize, first);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn the_log_answers_as_the_map_does(ops in prop::collection::vec(op(), 1..60)) {
        let mut pair = Pair::default();
        pair.last = StreamId::new(1000, 0);
        for op in &ops {
            pair.perform(op);
            pair.check_whole();
        }
        pair.settle();
        pair.evict();
        let (a, b) = (StreamId::MIN, StreamId::MAX);
        pair.check_place(a, b, usize::MAX);
    }

    /// Planning a `~` cut with an entry that is still to come gives what appending it first would give.
    #[test]
    fn an_incoming_entry_is_planned_for(sizes in prop::collection::vec(size(), 0..60), len in size(), keep in 0u64..70) {
        let mut pair = Pair::default();
        for (ms, size) in (1..).zip(sizes) {
            pair.append(StreamId::new(ms, 0), vec![0; size]);
        }
        let total = pair.log.len() + 1;
        let more = |gone: u64, node: u64, _| total - gone - node >= keep;
        let new = Incoming { id: StreamId::new(1000, 0), begins_node: pair.log.begins_node(len, LIMITS) };
        let planned = pair.log.node_cut(Some(new), more).unwrap();
        pair.append(new.id, vec![0; len]);
        prop_assert_eq!(planned, pair.log.node_cut(None, more).unwrap());
        prop_assert_eq!(planned, pair.log.clone().node_cut(None, more).unwrap(), "the remembered node changes nothing");
    }
}
