//! What is bounded: memory of chunks, slices of a checkpoint, the time of a load.

use super::world::{Checkpoint, World};
use crate::backend::Space;
use crate::stream::chunk::CHUNK_BYTES;
use bytes::Bytes;

const EVER: i64 = i64::MAX;

#[test]
fn chunks_in_memory_are_bounded_by_their_bytes() {
    let mut world = World::new(1);
    world.stream(b"large", 20, 10 * CHUNK_BYTES);
    world.stream(b"small", 100, CHUNK_BYTES / 2);
    world.settle();
    world.store.evict_chunks(12 * CHUNK_BYTES, 1000);
    assert!(world.store.chunk_bytes() <= 12 * CHUNK_BYTES);
    assert!(world.store.chunk_bytes() > 10 * CHUNK_BYTES, "the youngest stay");
    world.verify();
}

#[test]
fn chunks_that_are_trimmed_away_do_not_stay_listed() {
    let mut world = World::new(1);
    world.stream(b"s", 1, CHUNK_BYTES);
    for _ in 0..50 {
        world.stream(b"s", 200, CHUNK_BYTES);
        world.trim_front(b"s", 200);
    }
    assert!(world.store.chunk_bytes() <= 2 * CHUNK_BYTES);
    assert!(world.store.resident_chunks() < 3000, "{}", world.store.resident_chunks());
    world.verify();
}

#[test]
fn a_hundred_thousand_cold_keys_are_installed_in_one_pass() {
    const KEYS: usize = 100_000;
    let mut world = World::new(1);
    let names: Vec<Vec<u8>> = (0..KEYS).map(|i| format!("k{i}").into_bytes()).collect();
    for name in &names {
        world.store.set_string(0, name, None, Bytes::from_static(b"v"), None);
    }
    world.settle();
    let wanted = || names.iter().map(Vec::as_slice);
    let evict = |world: &mut World| world.store.evict_objects((0, 0), 2 * KEYS, EVER, usize::MAX);
    evict(&mut world);
    // While these are read, as many others as anyone remembers come and go.
    let missing = world.store.all_warm(0, wanted().take(KEYS / 2)).unwrap_err();
    let loaded = missing.read(&*world.backend).unwrap();
    let others = world.store.all_warm(0, wanted().skip(KEYS / 2)).unwrap_err();
    world.load(others);
    evict(&mut world);
    let began = std::time::Instant::now();
    world.store.install(loaded);
    assert!(began.elapsed().as_secs() < 5, "{:?}", began.elapsed());
    assert!(world.store.all_warm(0, wanted().take(KEYS / 2)).is_ok());
}

#[test]
fn a_slice_is_bounded_by_bytes_and_deletions() {
    let mut world = World::new(1);
    for i in 0..20u8 {
        world.store.set_string(0, &[i], None, Bytes::from(vec![i; 1 << 20]), None);
    }
    let mut gathered = crate::checkpoint::Gathered::default();
    let slice = world.store.gather(1, 256, &mut gathered);
    assert!((4..=5).contains(&slice.taken) && slice.more, "{slice:?}");
    let mut world = World::new(1);
    for i in 0..100u8 {
        world.string(&[i]);
    }
    world.settle();
    for i in 0..100u8 {
        let key = world.key(0, &[i]).unwrap();
        world.store.delete(key);
        world.model.take(0, &[i]);
    }
    // A name that comes back must not be deleted by what was left for a later slice.
    world.string(&[99]);
    for _ in 0..20 {
        world.slice(10, true);
    }
    world.settle();
    world.reopen();
    world.verify_disk();
}

#[test]
fn a_stream_with_very_many_chunks_is_deleted_in_slices() {
    let mut world = World::new(1);
    world.stream(b"s", 500, CHUNK_BYTES);
    world.stream(b"t", 500, CHUNK_BYTES);
    world.settle();
    let key = world.key(0, b"s").unwrap();
    world.store.delete(key);
    world.model.take(0, b"s");
    world.trim_front(b"t", 499);
    let mut gathered = crate::checkpoint::Gathered::default();
    let mut slices = 1;
    while world.store.gather_within(2, 256, 64 << 10, &mut gathered).more {
        assert!(gathered.bytes() <= (slices + 1) * (80 << 10), "{slices}: {}", gathered.bytes());
        slices += 1;
    }
    assert!(slices >= 7, "{slices}");
    world.checkpoint = Some(Checkpoint::Gathering(gathered));
    world.settle();
    assert_eq!(world.records(Space::Chunks), 1, "the entry that is left, in a chunk that the checkpoint sealed");
    world.reopen();
    world.verify_disk();
}

#[test]
fn whole_databases_that_changed_make_a_checkpoint_due() {
    let mut world = World::new(1);
    world.string(b"k");
    world.settle();
    assert_eq!(world.store.dirty_objects(), 0);
    world.store.swap(0, 1);
    world.model.dbs.swap(0, 1);
    assert!(world.store.dirty_objects() > 0, "a swap");
    world.settle();
    assert_eq!(world.store.dirty_objects(), 0);
    world.store.flush(1);
    world.model.dbs[1].clear();
    assert!(world.store.dirty_objects() > 0, "a flush");
    world.settle();
    assert_eq!(world.store.dirty_objects(), 0);
    world.verify_disk();
}

#[test]
fn tables_shrink_when_most_keys_are_gone() {
    const KEYS: u32 = 100_000;
    let mut world = World::new(1);
    let value = Bytes::from_static(b"v");
    let set = |world: &mut World, i: u32| {
        world.store.set_string(0, &i.to_be_bytes(), None, value.clone(), None);
    };
    (0..KEYS).for_each(|i| set(&mut world, i));
    let full = world.store.database(0).names.memory();
    let kept = |i: &u32| i % 10_000 == 77;
    for i in (0..KEYS).filter(|i| !kept(i)) {
        let key = world.store.find(0, &i.to_be_bytes()).unwrap().unwrap();
        world.store.delete(key);
    }
    let database = world.store.database(0);
    assert!(database.names.memory() * 100 < full, "{} of {full}", database.names.memory());
    // One at the end stays until it is used again from disk.
    world.settle();
    world.store.evict_objects((0, 0), 2 * KEYS as usize, EVER, usize::MAX);
    (KEYS..KEYS + 10_000).for_each(|i| set(&mut world, i));
    for i in KEYS..KEYS + 10_000 {
        let key = world.store.find(0, &i.to_be_bytes()).unwrap().unwrap();
        world.store.delete(key);
    }
    let objects = &world.store.database(0).objects;
    assert!(objects.capacity() < 20_000, "{} slots", objects.capacity());
    for i in (0..KEYS).filter(kept) {
        while let Err(missing) = world.store.find(0, &i.to_be_bytes()) {
            world.load(missing);
        }
        assert!(world.store.find(0, &i.to_be_bytes()).unwrap().is_some());
    }
    assert_eq!(world.store.database(0).len(), 10);
}
