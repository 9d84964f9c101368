//! Records to which nothing refers, and the account of chunks by epoch.
//!
//! The numbers of values are compared in windows, so that the memory does not grow with the number of keys.

use super::{Check, Kind, Place};
use crate::backend::Space;
use crate::checkpoint::read_uses;
use crate::error::Result;
use crate::keys;
use crate::keyspace::object::Kind as Type;
use crate::load::{NameRecord, scan_prefix};
use crate::progress::Phase;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};
use std::ops::ControlFlow;

/// So many numbers of values are held at once.
const WINDOW: usize = if cfg!(test) { 4 } else { 1 << 20 };

/// Numbers of values, ascending, and whether each is a stream.
type Owners = Vec<(u64, bool)>;

impl Check<'_> {
    /// Each value, index page and pending entry of a database belongs to a name, and each value to one name only.
    pub(super) fn owned(&mut self, physical: u32) {
        let mut floor = 0;
        // Who cannot read all names cannot say what belongs to none; that they cannot be read is a finding already.
        while let Ok((owners, end)) = self.owners(physical, floor) {
            for two in owners.windows(2).filter(|two| two[0].0 == two[1].0) {
                self.report.found(Kind::Name, Place::Records { physical, uid: two[0].0 }, "two names have this value");
            }
            for space in [Space::Values, Space::Index, Space::Pending] {
                self.strays(physical, space, floor, end, &owners);
            }
            match end {
                Some(end) => floor = end,
                None => return,
            }
        }
    }

    /// The smallest numbers from `floor` on, about [`WINDOW`] of them, and the number behind them; none if that were all.
    fn owners(&self, physical: u32, floor: u64) -> Result<(Owners, Option<u64>)> {
        let mut heap = BinaryHeap::new();
        let mut cut = None;
        scan_prefix(self.backend, Space::Names, keys::database(physical), |_, record| {
            let Ok(NameRecord { kind, uid, .. }) = NameRecord::decode(record) else { return Ok(()) };
            if uid < floor || cut.is_some_and(|cut| uid >= cut) {
                return Ok(());
            }
            heap.push((uid, kind == Type::Stream));
            if heap.len() > WINDOW {
                // All with the largest number go: a window never parts two names of one value.
                cut = heap.pop().map(|(uid, _)| uid);
                while heap.peek().is_some_and(|(uid, _)| Some(*uid) == cut) {
                    heap.pop();
                }
            }
            Ok(())
        })?;
        match cut {
            // More names claim the first value than a window holds.
            Some(cut) if heap.is_empty() => Ok((vec![(cut, true); 2], Some(cut.saturating_add(1)))),
            cut => Ok((heap.into_sorted_vec(), cut)),
        }
    }

    /// Finds the records of one family whose number belongs to no name.
    fn strays(&mut self, physical: u32, space: Space, floor: u64, end: Option<u64>, owners: &[(u64, bool)]) {
        let from = keys::value(physical, floor);
        let to = end.map_or_else(|| keys::after(keys::database(physical)), |end| keys::value(physical, end));
        let (mut last, mut strays) = (None, Vec::new());
        let scanned = self.backend.scan(space, &from, &to, &mut |key, _| {
            let uid = key.get(4..12).and_then(|uid| uid.try_into().ok()).map_or(0, u64::from_be_bytes);
            if last.replace(uid) != Some(uid) && !belongs(owners, uid, space) {
                strays.push(uid);
            }
            ControlFlow::Continue(())
        });
        self.unreadable(Kind::Table, space, scanned);
        for uid in strays {
            let text = format!("{space:?}: no name has this value");
            self.report.found(Kind::Orphan, Place::Records { physical, uid }, text);
        }
    }

    /// Counts what is left of databases that were flushed: nobody refers to it, and compactions take it away.
    pub(super) fn left_over(&mut self, known: &BTreeSet<u32>) {
        let mut records = 0u64;
        for space in [Space::Names, Space::Values, Space::Index, Space::Pending] {
            let mut from = Vec::new();
            let ends = known.iter().map(|physical| (keys::database(*physical), keys::after(keys::database(*physical))));
            for (to, next) in ends.chain([(vec![0xff; 64], Vec::new())]) {
                let scanned = self.backend.scan(space, &from, &to, &mut |_, _| {
                    records += 1;
                    ControlFlow::Continue(())
                });
                self.unreadable(Kind::Table, space, scanned);
                from = next;
            }
        }
        if records > 0 {
            self.report.note(format!("{records} records of databases that were flushed take space still"));
        }
    }

    /// The account of chunks by epoch, against the chunks that are there and those that are referred to.
    pub(super) fn epochs(&mut self) {
        let uses = match read_uses(self.backend) {
            Ok(uses) => uses,
            Err(why) => return self.report.found(Kind::Meta, Place::Store, format!("the account of epochs: {why}")),
        };
        self.progress.begin(Phase::Chunks, 0);
        let mut there: BTreeMap<(u32, u32), u64> = BTreeMap::new();
        let progress = self.progress;
        let scanned = self.backend.scan(Space::Chunks, &[], &[0xff; 64], &mut |key, _| {
            progress.add(1);
            let number = |at: usize| key.get(at..at + 4).and_then(|n| n.try_into().ok()).map_or(0, u32::from_be_bytes);
            *there.entry((number(0), number(4))).or_default() += 1;
            ControlFlow::Continue(())
        });
        self.unreadable(Kind::Table, Space::Chunks, scanned);
        let places: BTreeSet<_> = uses.keys().chain(there.keys()).chain(self.referred.keys()).copied().collect();
        let mut left_over = 0;
        for place in places {
            let count = |counts: &BTreeMap<(u32, u32), u64>| counts.get(&place).copied().unwrap_or(0);
            let (there, referred) = (count(&there), count(&self.referred));
            let used = uses.get(&place);
            let live = used.map_or(0, |used| used.written.saturating_sub(used.dead));
            let (epoch, physical) = place;
            // What a checkpoint that was not completed left, and what is being given back: the next start takes it away.
            if epoch > self.meta.epoch || (used.is_some() && live == 0 && referred == 0) {
                left_over += there;
                continue;
            }
            self.epoch(format!("epoch {epoch} under {physical}"), live, referred, there);
        }
        if left_over > 0 {
            self.report
                .note(format!("{left_over} chunks that a crash left take space until the next start or checkpoint"));
        }
    }

    fn epoch(&mut self, place: String, live: u64, referred: u64, there: u64) {
        if live != referred {
            // The account decides when an epoch's space is given back.
            let harm = if live < referred { "they may be given back while they are needed" } else { "its space stays" };
            let text = format!("{place}: {live} live chunks by the account, {referred} by the indexes: {harm}");
            self.report.found(Kind::Count, Place::Store, text);
        }
        if there > referred {
            let text = format!("{place}: {there} chunks, the indexes refer to {referred}");
            self.report.found(Kind::Orphan, Place::Store, text);
        }
    }
}

fn belongs(owners: &[(u64, bool)], uid: u64, space: Space) -> bool {
    let at = owners.partition_point(|(owner, _)| *owner < uid);
    let mut named = owners[at..].iter().take_while(|(owner, _)| *owner == uid);
    named.any(|(_, is_stream)| *is_stream || space == Space::Values)
}
