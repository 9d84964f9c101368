//! What goes on behind commands: expiry, memory given back, the options that replay needs.

use super::world::World;
use crate::backend::memory::Memory;
use crate::batch::Effect;
use crate::change::Change;
use crate::id::StreamId;
use crate::journal::{Journal, MemoryJournal};
use crate::keyspace::object::Kind;
use crate::open::open;
use crate::store::{Key, Store};
use crate::stream::log::{CutLimit, NodeLimits};
use bytes::Bytes;
use std::sync::Arc;

/// A world with `cold` keys that are only on disk and `warm` ones behind them, all past their deadline.
fn overdue(cold: u32, warm: u32) -> World {
    let mut world = World::new(1);
    let set = |world: &mut World, name: u32, deadline: u64| {
        world.store.set_string(0, &name.to_be_bytes(), None, Bytes::from_static(b"v"), Some(deadline));
    };
    (0..cold).for_each(|name| set(&mut world, name, 1_000_001));
    world.settle();
    world.store.evict_objects((0, 0), 2 * cold as usize, i64::MAX, usize::MAX);
    (cold..cold + warm).for_each(|name| set(&mut world, name, 1_000_002));
    world.now_ms = 2_000_000;
    world.store.now_ms = world.now_ms;
    world
}

#[test]
fn cold_keys_in_front_do_not_stop_the_sweep_of_warm_ones() {
    let mut world = overdue(20_000, 30);
    let swept: usize = (0..4).map(|_| world.store.sweep_expired(world.now_ms, 1000)).sum();
    assert_eq!(swept, 30);
    assert_eq!(world.store.database(0).len(), 20_000);
}

#[test]
fn cold_keys_past_their_deadline_are_loaded_and_deleted_in_batches() {
    let mut world = overdue(1000, 5);
    let mut loads = 0;
    while let Some(missing) = world.store.expired_cold(world.now_ms, 64) {
        let loaded = missing.read(&*world.backend).unwrap();
        assert!(world.store.install_expired(loaded, world.now_ms) > 0);
        loads += 1;
    }
    assert_eq!((loads, world.store.database(0).len()), (16, 5));
}

/// A hash with so many fields that are due, and perhaps one that is not.
fn timed_hash(due: u64, stays: bool) -> (World, Key) {
    let mut world = World::new(1);
    let key = world.store.create(0, b"h", Kind::Hash, None);
    let mut put = |field: &[u8], deadline_ms| {
        world.store.change_value(key, Change::FieldPut { field, value: b"v", deadline_ms });
    };
    (0..due).for_each(|field| put(&field.to_be_bytes(), Some(1_000_001)));
    if stays {
        put(b"stays", None);
    }
    world.store.now_ms = 2_000_000;
    (world, key)
}

#[test]
fn a_sweep_takes_no_more_fields_than_its_limit() {
    let (mut world, key) = timed_hash(2500, true);
    let left = |world: &World| world.store.hash_at(key).map_or(0, |hash| hash.len());
    for (swept, then) in [(1000, 1501), (1000, 501), (500, 1), (0, 1)] {
        assert_eq!(world.store.sweep_expired(2_000_000, 1000), swept);
        assert_eq!(left(&world), then);
    }
    assert_eq!(world.store.stats.expired_fields, 2500);
}

#[test]
fn a_hash_of_which_all_fields_are_due_goes_as_a_whole() {
    let (mut world, _) = timed_hash(2500, false);
    let before = world.store.uncommitted_bytes();
    assert_eq!(world.store.find(0, b"h").unwrap(), None);
    assert!(world.store.uncommitted_bytes() - before < 10);
    assert_eq!((world.store.database(0).len(), world.store.stats.expired_fields), (0, 2500));
}

#[test]
fn a_clock_that_was_set_back_does_not_stop_eviction() {
    let mut world = World::new(1);
    world.string(b"k");
    world.settle();
    world.now_ms -= 500_000;
    world.store.now_ms = world.now_ms;
    let (freed, _) = world.store.evict_objects((0, 0), 100, world.now_ms - 1000, usize::MAX);
    assert!(freed > 0);
    world.verify();
}

#[test]
fn large_things_are_freed_by_who_takes_the_graveyard() {
    for mut store in [Store::new(2, 1), Store::volatile(2, 1)] {
        let value = Bytes::from(vec![1; 1 << 20]);
        let key = store.set_string(0, b"k", None, value.clone(), None);
        store.delete(key);
        assert!(!value.is_unique(), "not freed under the lock");
        drop(store.take_graveyard());
        assert!(value.is_unique());
        store.set_string(0, b"k", None, value.clone(), None);
        store.flush(0);
        assert!(!value.is_unique());
        drop(store.take_graveyard());
        assert!(value.is_unique());
        // Whoever never comes for it does not make it grow for ever.
        let values: Vec<Bytes> = (0..200).map(|_| Bytes::from(vec![1; 1 << 20])).collect();
        for value in &values {
            let key = store.set_string(0, b"k", None, value.clone(), None);
            store.delete(key);
        }
        assert!(values.iter().filter(|v| !v.is_unique()).count() <= 65);
    }
}

#[test]
fn replay_marks_the_nodes_that_the_options_ask_for() {
    let limits = NodeLimits { entries: 3, bytes: 0 };
    let (backend, mut journal) = (Arc::new(Memory::new()), MemoryJournal::new());
    let mut store = open(backend.clone(), &mut journal, 2, limits).unwrap().store;
    let key = store.create_stream(0, b"s");
    for ms in 1..=10 {
        store.change(key, &Effect::Append { id: StreamId::new(ms, 0), packed: &[0; 10] });
    }
    journal.append(&store.take_batch(Vec::new())).unwrap();
    let mut again = open(backend, &mut journal, 2, limits).unwrap().store;
    let key = again.find(0, b"s").unwrap().unwrap();
    let cut = again.stream(key).unwrap().log.node_cut(None, CutLimit { entries: 7, below: None }).unwrap();
    assert_eq!(cut.map(|cut| cut.removed), Some(6));
}
