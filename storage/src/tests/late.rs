//! Loads that come late: what they bring is put in its place only if nothing happened there meanwhile.

use super::cases::id;
use super::world::World;
use crate::backend::{Backend, Space, Write};
use crate::batch::Effect;
use crate::keys;
use crate::load::Loaded;
use crate::stream::chunk::CHUNK_BYTES;

impl World {
    fn read_name(&mut self, db: u32, name: &[u8]) -> Loaded {
        self.store.find(db, name).unwrap_err().read(&*self.backend).unwrap()
    }

    fn read_chunks(&mut self, name: &[u8]) -> Loaded {
        let key = self.key(0, name).unwrap();
        let cold = self.store.stream(key).unwrap().log.all_cold();
        self.store.missing_chunks(key, cold).read(&*self.backend).unwrap()
    }
}

#[test]
fn a_key_that_came_changed_and_went_is_not_set_back() {
    let mut world = World::new(1);
    world.stream(b"s", 1, 10);
    world.settle();
    assert!(world.evict_all() > 0);
    let late = world.read_name(0, b"s");
    world.stream(b"s", 1, 10);
    world.settle();
    assert!(world.evict_all() > 0);
    world.store.install(late);
    world.verify();
}

#[test]
fn a_key_of_a_database_that_changed_its_place_stays_there() {
    let mut world = World::new(1);
    world.stream(b"s", 1, 10);
    world.store.swap(0, 1);
    world.model.dbs.swap(0, 1);
    world.stream(b"s", 2, 10);
    world.settle();
    assert!(world.evict_all() > 0);
    let late = world.read_name(0, b"s");
    world.store.swap(0, 1);
    world.model.dbs.swap(0, 1);
    world.store.install(late);
    world.verify();
}

#[test]
fn a_chunk_is_not_put_into_another_stream_in_the_same_slot() {
    let mut world = World::new(1);
    for (name, bytes) in [(b"a", CHUNK_BYTES), (b"b", CHUNK_BYTES + 1)] {
        world.stream(name, 3, bytes);
    }
    world.settle();
    assert!(world.evict_all() > 0);
    let first = world.key(0, b"a").unwrap();
    let late = world.read_chunks(b"a");
    assert!(world.evict_all() > 0);
    assert_eq!(world.key(0, b"b"), Some(first), "the slot is used again");
    world.store.install(late);
    world.verify();
}

#[test]
fn a_chunk_that_was_written_anew_is_not_set_back() {
    let mut world = World::new(1);
    world.stream(b"s", 12, CHUNK_BYTES / 4);
    world.settle();
    world.store.evict_chunks(0, usize::MAX);
    let late = world.read_chunks(b"s");
    world.delete_entry(b"s", 2);
    world.settle();
    world.store.evict_chunks(0, usize::MAX);
    world.store.install(late);
    world.verify();
}

#[test]
fn a_pending_entry_that_was_taken_over_and_acknowledged_leaves_no_record() {
    let mut world = World::new(1);
    let key = world.stream(b"s", 1, 10);
    let pend = Effect::Pend { group: 1, id: id(1), consumer: 0, delivered_ms: 5, deliveries: 1 };
    world.store.change(key, &Effect::GroupCreate { group: 1, name: b"g", last: id(9), read: None, passed: 1 });
    world.store.change(key, &pend);
    world.settle();
    assert_eq!(world.records(Space::Pending), 1);
    world.store.change(key, &pend);
    world.store.change(key, &Effect::Ack { group: 1, ids: crate::batch::Ids::Listed(&[id(1)]) });
    world.settle();
    assert_eq!(world.records(Space::Pending), 0);
}

#[test]
fn a_late_load_that_finds_nothing_is_no_damage() {
    let mut world = World::new(1);
    world.stream(b"s", 6, CHUNK_BYTES / 2);
    world.string(b"k");
    world.settle();
    world.evict_all();
    let name = world.store.find(0, b"k").unwrap_err();
    let key = world.key(0, b"s").unwrap();
    let chunks = world.store.missing_chunks(key, world.store.stream(key).unwrap().log.all_cold());
    world.trim_front(b"s", 3);
    let string = world.key(0, b"k").unwrap();
    world.store.delete(string);
    world.model.take(0, b"k");
    world.settle();
    for missing in [name, chunks] {
        world.load(missing);
    }
    assert!(world.store.damage.is_none());
    world.verify();
}

#[test]
fn real_damage_is_reported_by_the_second_read() {
    let mut world = World::new(1);
    let key = world.stream(b"s", 4, CHUNK_BYTES);
    world.settle();
    world.store.evict_chunks(0, usize::MAX);
    let range = (keys::epoch(0), keys::epoch(u32::MAX));
    world.backend.write(&[Write::DeleteRange(Space::Chunks, range.0, range.1)]).unwrap();
    let missing = |world: &World| world.store.missing_chunks(key, world.store.stream(key).unwrap().log.all_cold());
    let first = missing(&world);
    world.load(first);
    let second = missing(&world).read(&*world.backend);
    assert!(second.is_err(), "{second:?}");
}

#[test]
fn a_load_is_not_put_off_by_evictions_of_other_keys() {
    let mut world = World::new(1);
    world.string(b"wanted");
    world.settle();
    assert!(world.evict_all() > 0);
    let missing = world.store.find(0, b"wanted").unwrap_err();
    world.string(b"other");
    world.settle();
    assert!(world.evict_all() > 0);
    world.load(missing);
    assert!(world.store.find(0, b"wanted").is_ok());
}

#[test]
fn a_key_that_is_asked_for_twice_at_once_is_loaded() {
    let mut world = World::new(1);
    world.string(b"k");
    world.settle();
    world.evict_all();
    let missing = world.store.all_warm(0, [&b"k"[..], b"k"]).unwrap_err();
    world.load(missing);
    assert!(world.store.damage.is_none() && world.store.find(0, b"k").is_ok());
}
