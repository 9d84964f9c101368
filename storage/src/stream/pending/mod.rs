//! The pending entries of one group: delivered, not yet acknowledged.
//!
//! Three orders, kept together: by id (acknowledge, range), by consumer (its history), by time: owned entries by when they
//! were delivered, released ones by when they may be had again. Each is a packed table (`table.rs`, of leaves in
//! `leaf.rs`), exact at any time: nothing is left behind that would have to be cleared away. A call about one entry costs
//! O(log n), n the pending ones. Must never know: entries' contents, the journal, what a delivery that failed means.

mod directory;
mod leaf;
mod packing;
mod table;

use crate::id::StreamId;
use foldhash::fast::FixedState;
use hashbrown::HashMap;
use packing::Row;
use std::ops::ControlFlow;
use table::Table;

/// The consumer of an entry that nobody owns: it was released (XNACK), and may be had from its time on.
pub const NOBODY: u32 = 0;

/// One delivered entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pending {
    /// The owner's number in its group; [`NOBODY`] = released.
    pub consumer: u32,
    /// Unix time of the last delivery in milliseconds; of a released entry the time from which on it may be had.
    pub delivered_ms: i64,
    /// Deliveries so far.
    pub deliveries: i64,
    /// Place among entries of the same time, in order of arrival.
    pub(crate) order: u64,
    /// A record of it is on disk.
    pub(crate) stored: bool,
    /// It changed since that record was written.
    pub(crate) dirty: bool,
}

/// All pending entries of a group.
#[derive(Clone, Debug, Default)]
pub struct PendingList {
    /// Id, then what [`pack`] says.
    by_id: Table<6>,
    /// Of owned entries: time of the delivery and order, then the id.
    by_delivery: Table<4>,
    /// Of released entries: the time from which on they may be had and order, then the id.
    by_release: Table<4>,
    /// Ids. A consumer without entries may have an empty table, as long as it exists.
    by_consumer: HashMap<u32, Table<2>, FixedState>,
    next_order: u64,
    /// Entries with a record on disk.
    stored: usize,
    /// Entries with a record on disk that were removed since.
    gone: Vec<StreamId>,
}

const DIRTY: u64 = 1;
const STORED: u64 = 2;
/// Orders are counted below this: one read from disk that is not was never given.
pub(crate) const ORDERS: u64 = 1 << 63;

fn key(id: StreamId) -> u128 {
    u128::from(id.ms) << 64 | u128::from(id.seq)
}

/// Times as numbers that sort as they do.
fn ordered(ms: i64) -> u64 {
    ms as u64 ^ 1 << 63
}

fn time_key(delivered_ms: i64, order: u64) -> u128 {
    u128::from(ordered(delivered_ms)) << 64 | u128::from(order)
}

/// The first time after `ms` in an order by time.
fn next_time_after(table: &Table<4>, ms: i64) -> Option<i64> {
    let from = time_key(ms.checked_add(1)?, 0);
    table.range(from, u128::MAX).next().map(|row| ordered(row[0] as i64) as i64)
}

fn pack(id: StreamId, p: &Pending) -> Row<6> {
    let flags = if p.dirty { DIRTY } else { 0 } | if p.stored { STORED } else { 0 };
    let owner = u64::from(p.consumer) << 2 | flags;
    [id.ms, id.seq, owner, p.delivered_ms as u64, p.order, p.deliveries as u64]
}

fn unpack(row: Row<6>) -> (StreamId, Pending) {
    let [ms, seq, owner, delivered_ms, order, deliveries] = row;
    let pending = Pending {
        consumer: (owner >> 2) as u32,
        delivered_ms: delivered_ms as i64,
        deliveries: deliveries as i64,
        order,
        stored: owner & STORED != 0,
        dirty: owner & DIRTY != 0,
    };
    (StreamId { ms, seq }, pending)
}

impl Pending {
    /// Whether somebody may have it who takes over what has been idle for `min_idle_ms`.
    pub fn is_claimable(&self, now_ms: i64, min_idle_ms: i64) -> bool {
        if self.consumer == NOBODY { self.delivered_ms <= now_ms } else { self.idle_ms(now_ms) >= min_idle_ms }
    }

    /// Milliseconds since the last delivery.
    pub fn idle_ms(&self, now_ms: i64) -> i64 {
        now_ms.saturating_sub(self.delivered_ms).max(0)
    }
}

impl PendingList {
    /// Number of pending entries.
    pub fn len(&self) -> usize {
        self.by_id.len()
    }

    /// Whether nothing is pending.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether `id` is pending.
    pub fn contains(&self, id: StreamId) -> bool {
        self.by_id.find(key(id)).is_ok()
    }

    /// The pending entry `id`.
    pub fn get(&self, id: StreamId) -> Option<Pending> {
        self.by_id.get(key(id)).map(|row| unpack(row).1)
    }

    /// Pending entries with an id in `start..=end`, ascending.
    pub fn range(&self, start: StreamId, end: StreamId) -> impl DoubleEndedIterator<Item = (StreamId, Pending)> {
        self.by_id.range(key(start), key(end)).map(unpack)
    }

    /// All pending entries, ascending.
    pub fn iter(&self) -> impl Iterator<Item = (StreamId, Pending)> {
        self.range(StreamId::MIN, StreamId::MAX)
    }

    /// Ids pending for `consumer` in `start..=end`, ascending. Costs what it gives: others' entries are not looked at.
    pub fn of_consumer(&self, consumer: u32, start: StreamId, end: StreamId) -> impl Iterator<Item = StreamId> + '_ {
        let own = self.by_consumer.get(&consumer).into_iter();
        own.flat_map(move |ids| ids.range(key(start), key(end))).map(|[ms, seq]| StreamId { ms, seq })
    }

    /// How many entries are pending for `consumer`.
    pub fn count_of(&self, consumer: u32) -> usize {
        self.by_consumer.get(&consumer).map_or(0, Table::len)
    }

    /// Released entries whose time has come, in that order.
    pub fn released(&self, now_ms: i64) -> impl Iterator<Item = (StreamId, Pending)> {
        self.until(&self.by_release, now_ms)
    }

    /// Owned entries that were delivered at `ms` or before, the longest idle first.
    pub fn delivered_until(&self, ms: i64) -> impl Iterator<Item = (StreamId, Pending)> {
        self.until(&self.by_delivery, ms)
    }

    fn until(&self, table: &Table<4>, ms: i64) -> impl Iterator<Item = (StreamId, Pending)> {
        let ids = table.range(0, time_key(ms, u64::MAX)).map(|[_, _, ms, seq]| StreamId { ms, seq });
        ids.filter_map(|id| self.get(id).map(|p| (id, p)))
    }

    /// Time of the first delivery after `ms` of an entry that is owned.
    pub fn next_delivered_after(&self, ms: i64) -> Option<i64> {
        next_time_after(&self.by_delivery, ms)
    }

    /// When the next released entry may be had, after `ms`.
    pub fn next_released_after(&self, ms: i64) -> Option<i64> {
        next_time_after(&self.by_release, ms)
    }

    /// How many entries somebody owns.
    pub fn owned(&self) -> usize {
        self.by_delivery.len()
    }

    /// The smallest and the largest pending id.
    pub fn bounds(&self) -> Option<(StreamId, StreamId)> {
        Some((unpack(self.by_id.first()?).0, unpack(self.by_id.last()?).0))
    }

    /// Inserts or replaces the pending entry `id`.
    pub fn put(&mut self, id: StreamId, consumer: u32, delivered_ms: i64, deliveries: i64) {
        let order = self.next_order;
        self.next_order += 1;
        self.set(id, Pending { consumer, delivered_ms, deliveries, order, stored: false, dirty: true });
    }

    /// Makes `id` pending like this. What is stored stays so.
    fn set(&mut self, id: StreamId, mut new: Pending) {
        match self.by_id.find(key(id)) {
            Ok(place) => {
                let old = unpack(self.by_id.row(place)).1;
                self.stored += usize::from(new.stored && !old.stored);
                new.stored |= old.stored;
                self.by_time(old.consumer).remove(time_key(old.delivered_ms, old.order));
                if old.consumer != new.consumer {
                    self.disown(old.consumer, id);
                    self.own(new.consumer, id);
                }
                self.by_id.replace(place, &pack(id, &new), new.dirty);
            }
            Err(place) => {
                self.stored += usize::from(new.stored);
                self.own(new.consumer, id);
                self.by_id.insert_at(place, &pack(id, &new), new.dirty);
            }
        }
        self.by_time(new.consumer).insert(&[ordered(new.delivered_ms), new.order, id.ms, id.seq], false);
    }

    /// The order by time in which entries of `consumer` stand.
    fn by_time(&mut self, consumer: u32) -> &mut Table<4> {
        if consumer == NOBODY { &mut self.by_release } else { &mut self.by_delivery }
    }

    fn own(&mut self, consumer: u32, id: StreamId) {
        self.by_consumer.entry(consumer).or_default().insert(&[id.ms, id.seq], false);
    }

    fn disown(&mut self, consumer: u32, id: StreamId) {
        if let Some(ids) = self.by_consumer.get_mut(&consumer) {
            ids.remove(key(id));
        }
    }

    /// Removes the pending entry `id`.
    pub fn remove(&mut self, id: StreamId) -> Option<Pending> {
        let old = self.forget(id)?;
        self.disown(old.consumer, id);
        Some(old)
    }

    /// Removes all that is pending for `consumer`, which will not come back; how many entries that were.
    pub fn remove_consumer(&mut self, consumer: u32) -> usize {
        let Some(ids) = self.by_consumer.remove(&consumer) else { return 0 };
        for [ms, seq] in ids.range(0, u128::MAX) {
            self.forget(StreamId { ms, seq });
        }
        ids.len()
    }

    /// Removes an entry from all orders but its consumer's.
    fn forget(&mut self, id: StreamId) -> Option<Pending> {
        let place = self.by_id.find(key(id)).ok()?;
        let old = unpack(self.by_id.row(place)).1;
        self.by_id.remove_at(place);
        self.by_time(old.consumer).remove(time_key(old.delivered_ms, old.order));
        if old.stored {
            self.stored -= 1;
            self.gone.push(id);
        }
        Some(old)
    }

    /// Puts an entry back that was read from disk, in its old place: later ones must not come before it.
    pub(crate) fn restore(&mut self, id: StreamId, consumer: u32, delivered_ms: i64, deliveries: i64, order: u64) {
        // No two entries have one place, unless a record is not what was written.
        let taken = order >= ORDERS || self.by_time(consumer).get(time_key(delivered_ms, order)).is_some();
        let order = if taken { self.next_order } else { order };
        self.next_order = self.next_order.max(order + 1);
        self.set(id, Pending { consumer, delivered_ms, deliveries, order, stored: true, dirty: false });
    }

    /// Hands out up to `limit` entries that differ from their records on disk (`None`: there must be no record), and
    /// considers them written; whether that were all.
    pub(crate) fn drain_dirty(&mut self, limit: usize, mut write: impl FnMut(StreamId, Option<&Pending>)) -> bool {
        let deleted = limit.min(self.gone.len());
        for id in self.gone.drain(self.gone.len() - deleted..) {
            match self.by_id.find(key(id)) {
                Err(_) => write(id, None),
                // It came back: its record will be overwritten, unless it goes before that.
                Ok(place) => {
                    let (_, old) = unpack(self.by_id.row(place));
                    self.stored += usize::from(!old.stored);
                    self.by_id.replace(place, &pack(id, &Pending { stored: true, ..old }), old.dirty);
                }
            }
        }
        if self.gone.is_empty() {
            self.gone = Vec::new();
        }
        let (mut left, stored) = (limit - deleted, &mut self.stored);
        let all = self.by_id.sweep(left, |row| {
            let (id, mut pending) = unpack(*row);
            if !pending.dirty {
                return ControlFlow::Continue(None);
            }
            if left == 0 {
                return ControlFlow::Break(());
            }
            left -= 1;
            write(id, Some(&pending));
            *stored += usize::from(!pending.stored);
            (pending.stored, pending.dirty) = (true, false);
            ControlFlow::Continue(Some(pack(id, &pending)))
        });
        all && self.gone.is_empty()
    }

    /// Whether anything of it may be on disk.
    pub(crate) fn has_records(&self) -> bool {
        !self.gone.is_empty() || self.stored > 0
    }

    /// Considers nothing written.
    pub(crate) fn forget_records(&mut self) {
        self.gone = Vec::new();
        self.stored = 0;
        self.by_id.mark_all();
        self.by_id.sweep(usize::MAX, |row| {
            let (id, mut pending) = unpack(*row);
            (pending.stored, pending.dirty) = (false, true);
            ControlFlow::Continue(Some(pack(id, &pending)))
        });
        self.by_id.mark_all();
    }

    /// Bytes of memory behind it.
    pub fn memory(&self) -> usize {
        let owners = self.by_consumer.allocation_size() + self.by_consumer.values().map(Table::memory).sum::<usize>();
        self.by_id.memory()
            + self.by_delivery.memory()
            + self.by_release.memory()
            + owners
            + self.gone.capacity() * size_of::<StreamId>()
    }
}

#[cfg(test)]
mod model;
#[cfg(test)]
mod tests;
