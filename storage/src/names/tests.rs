//! Walks over names, against a model.

use super::*;
use crate::backend::memory::Memory;
use crate::checkpoint::Gathered;
use crate::journal::{Mark, MemoryJournal};
use crate::open::open;
use bytes::Bytes;
use std::collections::BTreeSet;
use std::sync::Arc;

type Walked = std::result::Result<u64, Missing>;

/// A store whose keys are only on disk: `k0..` are strings, `s` a stream, `brief` ends at 50.
struct Disk {
    store: Store,
    backend: Arc<dyn Backend>,
}

impl Disk {
    fn with(keys: usize) -> Disk {
        let backend: Arc<dyn Backend> = Arc::new(Memory::new());
        let mut opened = open(Arc::clone(&backend), &mut MemoryJournal::new(), 2, Default::default()).unwrap();
        for i in 0..keys {
            opened.store.set_string(0, format!("k{i}").as_bytes(), None, Bytes::from_static(b"v"), None);
        }
        opened.store.create_stream(0, b"s");
        opened.store.set_string(0, b"brief", None, Bytes::from_static(b"v"), Some(50));
        let mut gathered = Gathered::default();
        let epoch = opened.settler.epoch();
        opened.store.gather(epoch, usize::MAX, &mut gathered);
        let meta = opened.store.meta(Mark::default(), epoch);
        opened.settler.complete(gathered, &meta).unwrap();
        let store = open(Arc::clone(&backend), &mut MemoryJournal::new(), 2, Default::default()).unwrap().store;
        Disk { store, backend }
    }

    fn load(&mut self, missing: Missing) -> Option<Names> {
        self.store.install(missing.read(&*self.backend).unwrap())
    }

    fn touch(&mut self, name: &str) -> crate::store::Key {
        match self.store.find(0, name.as_bytes()) {
            Err(missing) => self.load(missing),
            Ok(found) => return found.unwrap(),
        };
        self.store.find(0, name.as_bytes()).unwrap().unwrap()
    }

    fn walk(&mut self, from: u64, cells: usize) -> (u64, Vec<(String, Kind)>) {
        let mut read = Vec::new();
        for _ in 0..3 {
            let mut seen = Vec::new();
            let walked: Walked = self.store.walk(0, from, cells, &read, |name, kind| {
                seen.push((String::from_utf8(name.to_vec()).unwrap(), kind));
            });
            match walked {
                Ok(next) => return (next, seen),
                Err(missing) => read.extend(self.load(missing)),
            }
        }
        panic!("a walk asks at most once when nothing changes");
    }

    fn scan(&mut self, cells: usize) -> Vec<(String, Kind)> {
        let (mut all, mut next) = (Vec::new(), 0);
        loop {
            let (then, some) = self.walk(next, cells);
            all.extend(some);
            if then == 0 {
                return all;
            }
            assert!(then > next);
            next = then;
        }
    }
}

fn names(of: &[(String, Kind)]) -> BTreeSet<String> {
    of.iter().map(|(name, _)| name.clone()).collect()
}

#[test]
fn every_cold_name_is_seen_once_and_no_value_is_loaded() {
    let mut disk = Disk::with(500);
    for cells in [1, 7, 100, usize::MAX] {
        let all = disk.scan(cells);
        assert_eq!(all.len(), 502, "{cells} at a time");
        assert_eq!(names(&all).len(), 502);
        assert_eq!(all.iter().filter(|(_, kind)| *kind == Kind::Stream).count(), 1);
    }
    assert_eq!(disk.store.database(0).objects.iter().flatten().count(), 0);
    assert_eq!(disk.store.database(0).len(), 502);
}

#[test]
fn warm_cold_deleted_and_new_names_mix() {
    let mut disk = Disk::with(100);
    for i in 0..30 {
        let key = disk.touch(&format!("k{i}"));
        if i % 3 == 0 {
            disk.store.delete(key);
        }
    }
    disk.store.set_string(0, b"new", None, Bytes::from_static(b"v"), None);
    let all = disk.scan(9);
    assert_eq!(all.len(), 102 - 10 + 1);
    assert!(names(&all).contains("new") && names(&all).contains("k1") && !names(&all).contains("k3"));
}

#[test]
fn a_deadline_hides_a_name_in_memory_or_not() {
    let mut disk = Disk::with(3);
    disk.store.now_ms = 49;
    assert!(names(&disk.scan(2)).contains("brief"));
    disk.store.now_ms = 50;
    assert!(!names(&disk.scan(2)).contains("brief"));
    assert_eq!((disk.store.database(0).len(), disk.store.database(0).visible(50)), (5, 4));
    disk.store.now_ms = 0;
    disk.touch("brief");
    disk.store.now_ms = 50;
    assert!(!names(&disk.scan(2)).contains("brief"));
}

#[test]
fn a_walk_continues_when_keys_went_between_asking_and_reading() {
    let mut disk = Disk::with(200);
    let (cells, mut read) = (10, Vec::new());
    let missing = disk.store.walk(0, 0, cells, &read, |_, _| ()).unwrap_err();
    let before = names(&disk.scan(usize::MAX));
    let gone: Vec<String> = disk.walk(0, 5).1.into_iter().map(|(name, _)| name).collect();
    for name in &gone {
        let key = disk.touch(name);
        disk.store.delete(key);
    }
    read.extend(disk.load(missing));
    let mut some = 0;
    let next = disk.store.walk(0, 0, cells, &read, |_, _| some += 1).unwrap();
    assert!(some == cells - gone.len() && next != 0);
    assert_eq!(before.len(), names(&disk.scan(cells)).len() + gone.len());
}

#[test]
fn what_was_read_of_a_flushed_database_counts_no_more() {
    let mut disk = Disk::with(5);
    let missing = disk.store.walk(0, 0, usize::MAX, &[], |_, _| ()).unwrap_err();
    let read: Vec<Names> = disk.load(missing).into_iter().collect();
    disk.store.flush(0);
    assert_eq!(disk.store.walk(0, 0, usize::MAX, &read, |_, _| panic!("no key")).unwrap(), 0);
    assert_eq!(disk.store.random_name(0, &read).unwrap(), None);
}

#[test]
fn a_cursor_beyond_all_hashes_is_the_end() {
    let disk = Disk::with(5);
    for from in [i64::MAX as u64, 1 << 63, u64::MAX] {
        assert_eq!(disk.store.walk(0, from, 10, &[], |_, _| panic!("no key")).unwrap(), 0);
    }
}

#[test]
fn random_names_come_from_everywhere() {
    let mut disk = Disk::with(8);
    disk.touch("k1");
    disk.store.now_ms = 60;
    let mut seen = BTreeSet::new();
    for _ in 0..500 {
        let name = match disk.store.random_name(0, &[]) {
            Ok(name) => name,
            Err(missing) => {
                let read: Vec<Names> = disk.load(missing).into_iter().collect();
                // The choice may have fallen on a key that is over; then there is another one.
                disk.store.random_name(0, &read).unwrap_or_default()
            }
        };
        seen.extend(name.map(|n| String::from_utf8(n.to_vec()).unwrap()));
    }
    assert_eq!(seen, names(&disk.scan(100)));
    assert_eq!(disk.store.random_name(1, &[]).unwrap(), None);
}

#[test]
fn a_table_of_keys_that_are_over_but_one_still_answers() {
    let mut store = Store::volatile(1, 7);
    for i in 0..2000 {
        store.set_string(0, format!("k{i}").as_bytes(), None, Bytes::new(), Some(10));
    }
    store.set_string(0, b"left", None, Bytes::new(), None);
    store.now_ms = 10;
    for _ in 0..20 {
        assert_eq!(store.random_name(0, &[]).unwrap().as_deref(), Some(&b"left"[..]));
    }
}

#[test]
fn one_load_brings_many_keys() {
    let mut disk = Disk::with(50);
    let wanted: Vec<String> = (0..50).map(|i| format!("k{i}")).chain(["none".into()]).collect();
    let names = || wanted.iter().map(|n| n.as_bytes());
    let missing = disk.store.all_warm(0, names()).unwrap_err();
    disk.load(missing);
    disk.store.all_warm(0, names()).unwrap();
    assert_eq!(disk.store.database(0).objects.iter().flatten().count(), 50);
}

#[test]
fn a_name_without_its_value_is_damage_when_it_stays_so() {
    let mut disk = Disk::with(1);
    let missing = disk.store.find(0, b"k0").unwrap_err();
    let value = keys::value(disk.store.database(0).physical, 1);
    assert!(disk.backend.get(Space::Values, &value).unwrap().is_some());
    disk.backend.write(&[crate::backend::Write::Delete(Space::Values, value)]).unwrap();
    // It may have gone while it was read; only who installs it can tell.
    let loaded = missing.read(&*disk.backend).unwrap();
    disk.store.install(loaded);
    let again = disk.store.find(0, b"k0").unwrap_err();
    assert!(again.read(&*disk.backend).is_err(), "the key was cold all the time");
}

#[test]
fn looking_is_not_using() {
    let mut store = Store::volatile(1, 7);
    store.set_string(0, b"k", None, Bytes::new(), None);
    store.now_ms = 5000;
    let key = store.peek(0, b"k").unwrap().unwrap();
    assert_eq!(store.object(key).used_ms(), 0);
    store.find(0, b"k").unwrap();
    assert_eq!(store.object(key).used_ms(), 5000);
}
