//! Any sequence of operations leaves the log in agreement with the map.

use super::super::{Cold, CutLimit, Incoming, Log};
use super::model::{LIMITS, Pair};
use crate::id::StreamId;
use proptest::prelude::*;
use std::ops::ControlFlow;

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
    /// Trim whole nodes below an id, but no further than down to a share.
    TrimNodesBelow(u8, u8),
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
        3 => (any::<u8>(), 0u8..100).prop_map(|(a, b)| Op::TrimNodesBelow(a, b)),
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
            Op::TrimNodes(share) => self.trim_nodes(self.at(*share) as u64, None),
            Op::TrimNodesBelow(share, keep) => {
                // A last id that was set back leaves deleted entries above later ones: there the two may differ.
                let below = (!self.lowered).then(|| self.id_near(*share));
                self.trim_nodes(self.at(*keep) as u64, below);
            }
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

    /// Whole nodes only: as many as a walk over all nodes would take.
    fn trim_nodes(&mut self, keep: u64, below: Option<StreamId>) {
        let limit = CutLimit { entries: (self.live.len() as u64).saturating_sub(keep), below };
        let cut = self.ask_often(|log| log.node_cut(None, limit));
        let walked = self.ask_often(|log| walked_cut(log, None, limit));
        let planned = cut.map(|cut| (cut.removed, self.ask(|log| log.first_from(cut.kept_from))));
        assert_eq!(planned, walked.map(|gone| (gone, self.nth_live(gone as usize))), "{limit:?}");
        if let Some((removed, first)) = planned {
            self.cut(removed as usize, first);
        }
    }
}

/// How many entries a `~` cut takes, found by visiting node after node.
fn walked_cut(log: &Log, incoming: Option<Incoming>, limit: CutLimit) -> Result<Option<u64>, Cold> {
    let mut gone = 0;
    log.walk_nodes(StreamId::MIN, u64::MAX, incoming, |live, last| {
        assert!(!live.is_empty());
        if !limit.allows(gone + live.len() as u64, last) {
            return ControlFlow::Break(());
        }
        gone += live.len() as u64;
        ControlFlow::Continue(())
    })?;
    Ok((gone > 0).then_some(gone))
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
        let new = Incoming { id: StreamId::new(1000, 0), begins_node: pair.log.begins_node(len, LIMITS) };
        for below in [None, Some(StreamId::new(keep, 0)), Some(StreamId::new(1001, 0))] {
            let limit = CutLimit { entries: (pair.log.len() + 1).saturating_sub(keep), below };
            let planned = pair.log.node_cut(Some(new), limit).unwrap();
            prop_assert_eq!(planned.map(|cut| cut.removed), walked_cut(&pair.log, Some(new), limit).unwrap());
            let mut appended = pair.log.clone();
            appended.append(new.id, &vec![0; len], LIMITS);
            for _ in 0..2 {
                let cut = appended.node_cut(None, limit).unwrap();
                prop_assert_eq!(planned.map(|cut| cut.removed), cut.map(|cut| cut.removed), "{:?}", limit);
            }
        }
    }
}
