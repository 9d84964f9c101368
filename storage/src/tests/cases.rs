//! Bugs that were found, and promises that a random life might miss, each in the shortest life that shows it.

use super::model::{Object, Stream, Value};
use super::world::{Checkpoint, World};
use crate::backend::Space;
use crate::backend::memory::LateReclaims;
use crate::batch::{Effect, Ids};
use crate::id::StreamId;
use crate::store::{Key, Store};
use crate::stream::chunk::CHUNK_BYTES;
use bytes::Bytes;
use std::rc::Rc;
use xxhash_rust::xxh3::xxh3_64;

const EVER: i64 = i64::MAX;

pub fn id(ms: u64) -> StreamId {
    StreamId::new(ms, 0)
}

impl World {
    pub fn stream(&mut self, name: &[u8], entries: u64, bytes: usize) -> Key {
        let key = match self.key(0, name) {
            Some(key) => key,
            None => {
                self.model.put(
                    0,
                    name,
                    Rc::new(Object { deadline_ms: None, token: None, value: Value::Stream(Stream::new()) }),
                );
                self.store.create_stream(0, name)
            }
        };
        for _ in 0..entries {
            let stream = self.model.stream_mut(0, name);
            (stream.last, stream.added) = (id(stream.last.ms + 1), stream.added + 1);
            let packed = vec![7; bytes];
            stream.entries.insert(stream.last, xxh3_64(&packed));
            let effect = Effect::Append { id: self.model.stream(0, name).unwrap().last, packed: &packed };
            self.store.change(key, &effect);
        }
        key
    }

    pub fn string(&mut self, name: &[u8]) -> Key {
        let old = self.key(0, name);
        self.model.put(0, name, Rc::new(Object { deadline_ms: None, token: None, value: Value::Str(b"v".to_vec()) }));
        self.store.set_string(0, name, old, Bytes::from_static(b"v"), None)
    }

    pub fn delete_entry(&mut self, name: &[u8], ms: u64) {
        let key = self.key(0, name).unwrap();
        self.ask(key, |store| store.stream(key).unwrap().log.contains(id(ms)));
        let stream = self.model.stream_mut(0, name);
        stream.entries.remove(&id(ms)).unwrap();
        stream.max_deleted = stream.max_deleted.max(id(ms));
        let first = stream.first_or_above();
        self.store.change(key, &Effect::DeleteEntry { id: id(ms), first });
    }

    pub fn trim_front(&mut self, name: &[u8], removed: u64) {
        let key = self.key(0, name).unwrap();
        let stream = self.model.stream_mut(0, name);
        stream.entries =
            stream.entries.split_off(&stream.entries.keys().nth(removed as usize).copied().unwrap_or(StreamId::MAX));
        let first = stream.first_or_above();
        self.store.change(key, &Effect::Trim { first, removed });
    }

    pub fn evict_all(&mut self) -> usize {
        self.store.evict_chunks(0, usize::MAX);
        self.store.evict_objects((0, 0), 1000, EVER, usize::MAX).0
    }

    pub fn reopen(&mut self) {
        self.commit();
        self.crash(false, usize::MAX, LateReclaims::Undone);
        self.verify();
    }
}

/// Keeps the thread's hashes narrow while it lives.
struct Collisions;

impl Collisions {
    fn all() -> Collisions {
        super::HASH_MASK.set(0);
        Collisions
    }
}

impl Drop for Collisions {
    fn drop(&mut self) {
        super::HASH_MASK.set(u64::MAX);
    }
}

#[test]
fn what_was_gathered_stays_in_memory_until_it_is_on_disk() {
    let mut world = World::new(1);
    world.string(b"s");
    world.slice(10, true);
    assert_eq!(world.evict_all(), 0);
    world.cut();
    assert_eq!(world.evict_all(), 0);
    assert!(world.complete());
    assert!(world.evict_all() > 0);
    world.verify();
}

#[test]
fn a_chunk_that_changes_between_two_slices_is_not_deleted_with_its_older_self() {
    let mut world = World::new(1);
    world.stream(b"s", 12, CHUNK_BYTES / 4);
    world.slice(10, true);
    world.delete_entry(b"s", 2);
    world.slice(10, true);
    world.delete_entry(b"s", 4);
    world.settle();
    world.reopen();
    world.verify_disk();
}

#[test]
fn a_lowered_last_id_may_use_the_key_of_a_dead_chunk_again() {
    let mut world = World::new(1);
    let key = world.stream(b"s", 3, CHUNK_BYTES);
    world.slice(10, true);
    world.trim_front(b"s", 3);
    let stream = world.model.stream_mut(0, b"s");
    stream.last = id(0);
    world.store.change(key, &Effect::StreamCounters { last: id(0), added: 3, max_deleted: id(0) });
    world.stream(b"s", 3, CHUNK_BYTES - 100);
    world.settle();
    world.reopen();
    world.verify_disk();
}

#[test]
fn entries_may_follow_where_deleted_ones_stood() {
    let mut world = World::new(1);
    let key = world.stream(b"s", 9, CHUNK_BYTES / 3);
    for ms in [4, 5, 7, 8, 9, 6] {
        world.delete_entry(b"s", ms);
    }
    world.model.stream_mut(0, b"s").last = id(4);
    let max_deleted = world.model.stream(0, b"s").unwrap().max_deleted;
    world.store.change(key, &Effect::StreamCounters { last: id(4), added: 9, max_deleted });
    world.stream(b"s", 8, CHUNK_BYTES / 3);
    world.verify();
    world.settle();
    world.reopen();
    world.verify_disk();
}

#[test]
fn pending_entries_keep_their_place_through_evictions() {
    let mut world = World::new(1);
    let mut key = world.stream(b"s", 9, 10);
    let group = Effect::GroupCreate { group: 1, name: b"g", last: id(9), read: None, passed: 9 };
    world.store.change(key, &group);
    world.store.change(key, &Effect::ConsumerAdd { group: 1, consumer: 1, name: b"c", seen_ms: 5 });
    let pend = |world: &mut World, key, ms| {
        let effect = Effect::Pend { group: 1, id: id(ms), consumer: 1, delivered_ms: 5, deliveries: 1 };
        world.store.change(key, &effect);
    };
    let mut expected = Vec::new();
    for ms in [1, 2, 3, 1, 2, 3, 9, 8, 7, 6] {
        key = world.key(0, b"s").unwrap();
        pend(&mut world, key, ms);
        expected.retain(|other| *other != ms);
        expected.push(ms);
        world.cut();
        assert!(world.complete() && world.evict_all() > 0);
    }
    key = world.key(0, b"s").unwrap();
    let pending = &world.store.stream(key).unwrap().group(b"g").unwrap().pending;
    let due: Vec<u64> = pending.delivered_until(i64::MAX).map(|d| d.0.ms).collect();
    assert_eq!(due, expected);
}

#[test]
fn names_with_one_hash_do_not_mix() {
    let _narrow = Collisions::all();
    let mut world = World::new(1);
    world.string(b"a");
    world.stream(b"b", 3, 10);
    world.settle();
    world.reopen();
    world.string(b"c");
    let a = world.key(0, b"a").unwrap();
    world.store.delete(a);
    world.model.take(0, b"a");
    world.settle();
    world.evict_all();
    world.verify();
    world.reopen();
    world.verify_disk();
}

#[test]
fn a_deadline_that_two_colliding_names_share_stays_for_the_other() {
    let _narrow = Collisions::all();
    let mut world = World::new(1);
    for name in [b"a", b"b"] {
        let key = world.string(name);
        world.store.set_deadline(key, Some(2_000_000));
        world.model.get_mut(0, name).unwrap().deadline_ms = Some(2_000_000);
    }
    let a = world.key(0, b"a").unwrap();
    world.store.delete(a);
    assert_eq!(world.store.database(0).expiring(), 1);
    assert_eq!(world.store.sweep_expired(2_000_000, 10), 1);
    assert!(world.store.database(0).is_empty());
}

#[test]
fn trimmed_streams_leave_no_chunk_behind() {
    let mut world = World::new(1);
    for round in 0..5 {
        world.stream(b"s", 20, CHUNK_BYTES / 2);
        world.trim_front(b"s", 5);
        world.slice(1, round % 2 == 0);
        world.delete_entry(b"s", round * 20 + 12);
        world.settle();
    }
    let left = world.model.stream(0, b"s").unwrap().entries.len() as u64;
    assert!(world.records(Space::Chunks) > 30);
    world.trim_front(b"s", left);
    world.settle();
    assert_eq!((world.records(Space::Chunks), world.records(Space::Index)), (0, 0));
    world.verify_disk();
}

#[test]
fn a_flushed_database_leaves_no_chunk_behind_even_if_the_power_fails() {
    for (writes_before_the_cut, late) in (0..30).zip([LateReclaims::Undone, LateReclaims::Done].into_iter().cycle()) {
        let mut world = World::new(1);
        world.stream(b"s", 9, CHUNK_BYTES);
        world.settle();
        world.stream(b"s", 9, CHUNK_BYTES);
        world.slice(10, true);
        world.store.flush(0);
        world.model.dbs[0].clear();
        world.stream(b"t", 3, CHUNK_BYTES);
        world.cut();
        world.backend.left.store(writes_before_the_cut, std::sync::atomic::Ordering::Relaxed);
        world.complete();
        world.commit();
        world.crash(true, usize::MAX, late);
        world.verify_disk();
    }
}

#[test]
fn a_rename_to_and_fro_lists_no_chunk_twice() {
    let mut world = World::new(1);
    world.stream(b"s", 10, CHUNK_BYTES);
    let listed = world.store.resident_chunks();
    for (from, to) in [(b"s", b"t"), (b"t", b"s")].into_iter().cycle().take(50) {
        let key = world.store.find(0, from).unwrap().unwrap();
        world.store.rename(key, 0, to, None);
    }
    assert_eq!(world.store.resident_chunks(), listed);
}

#[test]
fn what_lives_briefly_costs_no_memory_until_the_next_checkpoint() {
    for mut store in [Store::volatile(1, 1), Store::new(1, 1)] {
        for _ in 0..1000 {
            let key = store.create_stream(0, b"s");
            store.change(key, &Effect::GroupCreate { group: 1, name: b"g", last: id(0), read: None, passed: 0 });
            store.change(key, &Effect::GroupDestroy { group: 1 });
            assert!(store.stream(key).unwrap().dead_groups.is_empty());
            store.delete(key);
        }
        assert!(store.dirty_objects() <= 2, "{} dirty objects", store.dirty_objects());
    }
}

#[test]
fn the_longest_dirty_object_is_gathered_first() {
    let mut world = World::new(1);
    world.string(b"old");
    for _ in 0..20 {
        world.string(b"hot");
        world.slice(1, false);
    }
    let old = world.key(0, b"old").unwrap();
    assert!(!world.store.object(old).dirty);
}

#[test]
fn eviction_passes_over_chunks_that_are_not_on_disk_and_comes_to_an_end() {
    let mut world = World::new(1);
    world.stream(b"new", 10, CHUNK_BYTES);
    world.settle();
    world.stream(b"newer", 10, CHUNK_BYTES);
    let all = world.store.chunk_bytes();
    assert_eq!(world.store.evict_chunks(all, 1000), 0, "within the budget nothing goes");
    assert!(world.store.evict_chunks(0, 1000) > 0);
    assert_eq!(world.store.resident_chunks(), 9, "those of the last checkpoint are gone");
    assert_eq!(world.store.evict_chunks(0, 1000), 0);
    assert_eq!(world.store.resident_chunks(), 9);
    world.settle();
    world.store.evict_chunks(0, 1000);
    assert_eq!(world.store.resident_chunks(), 0);
    world.verify();
}

#[test]
fn a_slot_that_changes_its_key_within_a_batch_is_named_again() {
    let mut world = World::new(1);
    let first = world.stream(b"a", 1, 10);
    world.store.delete(first);
    world.model.take(0, b"a");
    let second = world.stream(b"b", 1, 10);
    assert_eq!(first, second, "the slot is used again");
    world.reopen();
}

#[test]
fn groups_that_come_and_go_between_checkpoints_leave_nothing() {
    let mut world = World::new(1);
    for number in 1..6 {
        let key = world.stream(b"s", 2, 10);
        let stream = world.model.stream_mut(0, b"s");
        stream.next_group = number + 1;
        let (last, passed) = (stream.last, stream.entries.len() as u64);
        let ids: Vec<StreamId> = stream.entries.keys().copied().collect();
        world.store.change(key, &Effect::GroupCreate { group: number, name: b"g", last, read: None, passed });
        world.store.change(key, &Effect::ConsumerAdd { group: number, consumer: 1, name: b"c", seen_ms: 1 });
        let (read, listed) = (None, Ids::Listed(&ids));
        world.store.change(key, &Effect::Deliver { group: number, consumer: 1, at_ms: 1, read, passed, ids: listed });
        world.slice(1, false);
        world.store.change(key, &Effect::Ack { group: number, ids: Ids::Listed(&ids[..1]) });
        world.store.change(key, &Effect::GroupDestroy { group: number });
        if number % 2 == 0 {
            world.settle();
        }
    }
    world.settle();
    assert_eq!(world.records(Space::Pending), 0);
    world.reopen();
    world.verify_disk();
}

#[test]
fn replaying_a_rename_reads_no_chunk() {
    let mut world = World::new(1);
    world.stream(b"s", 10, CHUNK_BYTES);
    world.stream(b"t", 10, CHUNK_BYTES);
    world.settle();
    let (key, target) = (world.key(0, b"s").unwrap(), world.key(0, b"t"));
    world.store.rename(key, 0, b"t", target);
    let object = world.model.take(0, b"s").unwrap();
    world.model.put(0, b"t", object);
    world.commit();
    world.crash(false, 0, LateReclaims::Undone);
    assert_eq!(world.store.resident_chunks(), 0);
    world.verify_disk();
}

#[test]
fn a_checkpoint_of_nothing_is_recognised() {
    let mut world = World::new(1);
    world.slice(10, true);
    match world.checkpoint.take() {
        Some(Checkpoint::Gathering(gathered)) => assert!(gathered.is_empty()),
        _ => panic!("a checkpoint is under way"),
    }
    assert!(!world.store.gathering);
}

#[test]
fn rules_outlive_keys_flushes_and_crashes() {
    let mut world = World::new(3);
    let rules =
        |world: &World| world.store.rules().map(|(name, rule)| (name.to_vec(), rule.to_vec())).collect::<Vec<_>>();
    let pair = |name: &[u8], rule: &[u8]| (name.to_vec(), rule.to_vec());
    world.stream(b"s", 3, 10);
    world.store.set_rule(b"s", b"one");
    world.store.set_rule(b"t", b"two");
    world.settle();
    // Only in the journal.
    world.store.set_rule(b"t", b"");
    world.store.set_rule(b"u", b"three");
    world.commit();
    world.reopen();
    assert_eq!(rules(&world), [pair(b"s", b"one"), pair(b"u", b"three")]);
    assert!(world.store.dirty_objects() > 0, "the record does not say so yet");
    world.settle();
    assert_eq!(world.store.dirty_objects(), 0);
    world.reopen();
    assert_eq!(rules(&world), [pair(b"s", b"one"), pair(b"u", b"three")]);
}
