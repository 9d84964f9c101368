//! Commands, as a broker would run them: look, load, check, then change the store and the model alike.
//! What consumer groups do stands in `delivery.rs`.

use super::model::{Name, Object, Stream, Value};
use super::world::{DATABASES, World};
use crate::batch::Effect;
use crate::id::StreamId;
use crate::keyspace::lease::Lease;
use crate::store::Key;
use bytes::Bytes;
use std::rc::Rc;
use xxhash_rust::xxh3::xxh3_64;

/// The names in use; few, so that they meet often.
pub const NAMES: [&[u8]; 8] = [b"a", b"b", b"c", b"d", b"stream", b"lock", b"", b"\xff\x00"];

/// Random numbers of one action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dice(pub u64);

impl Dice {
    /// A number below `n`.
    pub fn roll(&mut self, n: u64) -> u64 {
        // splitmix64
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % n.max(1)
    }

    pub fn one_in(&mut self, n: u64) -> bool {
        self.roll(n) == 0
    }

    pub fn place(&mut self) -> (u32, &'static [u8]) {
        let db = if self.one_in(4) { self.roll(DATABASES as u64) as u32 } else { 0 };
        // Half of all calls are about few names, so that these live long and get far.
        let names = if self.one_in(2) { 2 } else { NAMES.len() as u64 };
        (db, NAMES[self.roll(names) as usize])
    }

    pub fn pick<T: Copy>(&mut self, from: &[T]) -> Option<T> {
        from.get(self.roll(from.len() as u64) as usize).copied()
    }
}

impl World {
    fn is_stream(&self, db: u32, name: &[u8]) -> bool {
        self.model.stream(db, name).is_some()
    }

    /// A stream, created if the key does not exist; `None` if it is something else.
    pub fn some_stream(&mut self, dice: &mut Dice, create: bool) -> Option<(Key, u32, Name)> {
        let (db, name) = dice.place();
        match self.key(db, name) {
            Some(key) => self.is_stream(db, name).then(|| (key, db, name.to_vec())),
            None if create => {
                let key = self.store.create_stream(db, name);
                let value = Value::Stream(Stream::new());
                self.model.put(db, name, Rc::new(Object { deadline_ms: None, token: None, value }));
                Some((key, db, name.to_vec()))
            }
            None => None,
        }
    }

    pub fn set_string(&mut self, dice: &mut Dice) {
        let (db, name) = dice.place();
        let old = self.key(db, name);
        let value = vec![b'x'; dice.roll(40) as usize];
        let deadline_ms = dice.one_in(3).then(|| self.now_ms as u64 + dice.roll(50) * 100);
        self.store.set_string(db, name, old, Bytes::from(value.clone()), deadline_ms);
        let value = Value::Str(value);
        let token = self.model.get(db, name).filter(|o| o.value == value).and_then(|o| o.token.clone());
        self.model.put(db, name, Rc::new(Object { deadline_ms, token, value }));
    }

    /// A string with a token, and perhaps a lease, whatever was there.
    pub fn mint(&mut self, dice: &mut Dice) {
        let (db, name) = dice.place();
        let old = self.key(db, name);
        let value = vec![b'x'; dice.roll(3) as usize];
        let deadline_ms = Some(self.now_ms as u64 + dice.roll(50) * 100);
        let key = self.store.mint_string(db, name, old, Bytes::from(value.clone()), deadline_ms);
        let token = self.new_token(key);
        self.model.put(db, name, Rc::new(Object { deadline_ms, token: Some((token, None)), value: Value::Str(value) }));
        if dice.one_in(2) {
            self.know(db, name, key, dice);
        }
    }

    pub fn lease(&mut self, dice: &mut Dice) {
        let (db, name) = dice.place();
        let Some(key) = self.key(db, name) else { return };
        if self.store.token(key).is_some() {
            self.know(db, name, key, dice);
        }
    }

    fn know(&mut self, db: u32, name: &[u8], key: Key, dice: &mut Dice) {
        let (grace_ms, meta) = (dice.one_in(2).then(|| dice.roll(9)), vec![b'm'; dice.roll(4) as usize]);
        self.store.set_lease(key, Lease { grace_ms, meta: meta.clone().into() });
        let token = self.model.get_mut(db, name).and_then(|o| o.token.as_mut());
        token.unwrap().1 = Some((grace_ms, meta));
    }

    fn new_token(&mut self, key: Key) -> u64 {
        let token = self.store.token(key).unwrap();
        assert!(token > self.model.highest, "tokens rise");
        self.model.highest = token;
        token
    }

    pub fn patch_string(&mut self, dice: &mut Dice) {
        let (db, name) = dice.place();
        let Some(key) = self.key(db, name) else { return };
        let Some(Value::Str(value)) = self.model.get_mut(db, name).map(|o| &mut o.value) else { return };
        let (at, bytes) = (dice.roll(60) as usize, vec![b'p'; dice.roll(9) as usize + 1]);
        if value.len() < at + bytes.len() {
            value.resize(at + bytes.len(), 0);
        }
        value[at..at + bytes.len()].copy_from_slice(&bytes);
        let len = value.len();
        self.model.get_mut(db, name).unwrap().token = None;
        assert_eq!(self.store.patch_string(key, at, &bytes), len);
    }

    pub fn set_deadline(&mut self, dice: &mut Dice) {
        let (db, name) = dice.place();
        let Some(key) = self.key(db, name) else { return };
        let at_ms = (!dice.one_in(4)).then(|| self.now_ms as u64 + dice.roll(50) * 100);
        self.store.set_deadline(key, at_ms);
        self.model.get_mut(db, name).unwrap().deadline_ms = at_ms;
    }

    pub fn delete(&mut self, dice: &mut Dice) {
        let (db, name) = dice.place();
        if let Some(key) = self.key(db, name) {
            self.store.delete(key);
            self.model.take(db, name);
        }
    }

    fn warm_all(&mut self, key: Key) {
        if self.store.stream(key).is_some() {
            self.ask(key, |store| match store.stream(key).unwrap().log.all_cold() {
                cold if cold.0.is_empty() => Ok(()),
                cold => Err(cold),
            });
        }
    }

    pub fn move_or_copy(&mut self, dice: &mut Dice, copy: bool) {
        let ((db, name), (mut to_db, to)) = (dice.place(), dice.place());
        if dice.one_in(2) {
            to_db = db;
        }
        if (db, name) == (to_db, to) {
            return;
        }
        let Some(key) = self.key(db, name) else { return };
        let target = self.key(to_db, to);
        if copy || to_db != db {
            self.warm_all(key);
        }
        let object = if copy {
            self.store.copy(key, to_db, to, target);
            Rc::new(Object { token: None, ..self.model.get(db, name).unwrap().clone() })
        } else {
            let place = self.store.rename(key, to_db, to, target);
            let mut object = self.model.take(db, name).unwrap();
            if to_db != db && object.token.is_some() {
                Rc::make_mut(&mut object).token = Some((self.new_token(place), None));
            }
            object
        };
        self.model.put(to_db, to, object);
    }

    pub fn flush(&mut self, dice: &mut Dice) {
        let db = dice.roll(DATABASES as u64) as u32;
        self.store.flush(db);
        self.model.dbs[db as usize].clear();
    }

    pub fn swap(&mut self, dice: &mut Dice) {
        let (a, b) = (dice.roll(DATABASES as u64), dice.roll(DATABASES as u64));
        if a != b {
            self.store.swap(a as u32, b as u32);
            self.model.dbs.swap(a as usize, b as usize);
        }
    }

    /// Time passes; perhaps what is overdue goes at once.
    pub fn tick(&mut self, dice: &mut Dice) {
        self.now_ms += dice.roll(2000) as i64;
        self.store.now_ms = self.now_ms;
        if dice.one_in(2) {
            return;
        }
        // The sweep takes fields of hashes in memory only: here all of them are.
        for db in 0..DATABASES as u32 {
            let names: Vec<Name> = self.model.dbs[db as usize].keys().cloned().collect();
            for name in names {
                self.key(db, &name);
            }
        }
        for _ in 0..200 {
            self.store.sweep_expired(self.now_ms, 3);
            match self.store.expired_cold(self.now_ms, 2) {
                Some(missing) => {
                    let loaded = missing.read(&*self.backend).unwrap();
                    self.store.install_expired(loaded, self.now_ms);
                }
                None if self.store.sweep_expired(self.now_ms, 1) == 0 => {
                    return self.model.expire(self.now_ms);
                }
                None => {}
            }
        }
        panic!("the sweep comes to no end");
    }

    pub fn append(&mut self, dice: &mut Dice) {
        let Some((key, db, name)) = self.some_stream(dice, true) else { return };
        let bytes = dice.pick(&[3usize, 3, 40, 3000, 9000]).unwrap();
        let many = if dice.one_in(6) { 60 } else { 4 };
        for _ in 0..=dice.roll(many) {
            let stream = self.model.stream_mut(db, &name);
            let id = match dice.roll(3) {
                0 => stream.last.next().unwrap(),
                _ => StreamId::new(stream.last.ms + 1 + dice.roll(3), dice.roll(2)),
            };
            let mut packed = Vec::new();
            let value = vec![dice.roll(256) as u8; bytes];
            crate::stream::fields::pack(&mut packed, [&b"f"[..], &value].into_iter());
            stream.entries.insert(id, xxh3_64(&packed));
            (stream.last, stream.added) = (id, stream.added + 1);
            self.store.change(key, &Effect::Append { id, packed: &packed });
        }
    }

    pub fn trim(&mut self, dice: &mut Dice) {
        let Some((key, db, name)) = self.some_stream(dice, false) else { return };
        let stream = self.model.stream_mut(db, &name);
        let len = stream.entries.len() as u64;
        let removed = if dice.one_in(4) { len } else { dice.roll(len + 1) };
        for _ in 0..removed {
            stream.entries.pop_first();
        }
        if removed > 0 {
            let first = stream.first_or_above();
            self.store.change(key, &Effect::Trim { first, removed });
        }
    }

    pub fn delete_entries(&mut self, dice: &mut Dice) {
        let Some((key, db, name)) = self.some_stream(dice, false) else { return };
        let from_the_end = dice.one_in(3);
        for _ in 0..=dice.roll(12) {
            let stream = self.model.stream(db, &name).unwrap();
            let len = stream.entries.len() as u64;
            let at = if from_the_end { len.saturating_sub(1) } else { dice.roll(len) };
            let Some(id) = stream.entries.keys().nth(at as usize).copied() else { return };
            assert!(self.ask(key, |store| store.stream(key).unwrap().log.contains(id)), "{id} is there");
            let stream = self.model.stream_mut(db, &name);
            stream.entries.remove(&id);
            stream.max_deleted = stream.max_deleted.max(id);
            let first = stream.first_or_above();
            self.store.change(key, &Effect::DeleteEntry { id, first });
        }
    }

    /// XSETID: never below the last live entry, but perhaps below one that is gone.
    pub fn set_counters(&mut self, dice: &mut Dice) {
        let Some((key, db, name)) = self.some_stream(dice, false) else { return };
        let stream = self.model.stream_mut(db, &name);
        let least = stream.entries.keys().last().copied().unwrap_or(StreamId::new(0, 1));
        stream.last = match dice.roll(3) {
            0 => least,
            1 => StreamId::new(least.ms, least.seq + dice.roll(3)),
            _ => StreamId::new(stream.last.ms.max(least.ms) + 1 + dice.roll(5), 0),
        };
        stream.max_deleted = stream.max_deleted.min(stream.last);
        stream.added += dice.roll(3);
        let (last, added, max_deleted) = (stream.last, stream.added, stream.max_deleted);
        self.store.change(key, &Effect::StreamCounters { last, added, max_deleted });
    }

    pub fn produce_idempotently(&mut self, dice: &mut Dice) {
        let Some((key, db, name)) = self.some_stream(dice, true) else { return };
        let (producer, iid) = ([b'p', dice.roll(2) as u8], [b'i', dice.roll(12) as u8]);
        match dice.roll(8) {
            0 => {
                let (duration_s, max_size) = (1 + dice.roll(3), 1 + dice.roll(6));
                let idmp = self.model.stream_mut(db, &name).idmp_mut();
                if (idmp.duration_s, idmp.max_size) != (duration_s, max_size) {
                    idmp.producers.clear();
                }
                (idmp.duration_s, idmp.max_size) = (duration_s, max_size);
                self.store.change(key, &Effect::IdmpConfig { duration_s, max_size });
            }
            1 => {
                self.model.stream_mut(db, &name).idmp_mut().duplicates += 1;
                self.store.change(key, &Effect::IdmpDuplicate);
            }
            _ => {
                let stream = self.model.stream_mut(db, &name);
                let id = stream.last;
                stream.idmp_mut().record(&producer, &iid, id);
                self.store.change(key, &Effect::IdmpRecord { producer: &producer, iid: &iid, id });
            }
        }
    }
}
