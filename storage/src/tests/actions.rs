//! Commands, as a broker would run them: look, load, check, then change the store and the model alike.

use super::model::{Group, Name, Object, Stream, Value};
use super::world::{DATABASES, World};
use crate::batch::{Effect, Ids};
use crate::id::StreamId;
use crate::store::Key;
use crate::stream::log::IdRange;
use crate::stream::pending::NOBODY;
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
    fn some_stream(&mut self, dice: &mut Dice, create: bool) -> Option<(Key, u32, Name)> {
        let (db, name) = dice.place();
        match self.key(db, name) {
            Some(key) => self.is_stream(db, name).then(|| (key, db, name.to_vec())),
            None if create => {
                let key = self.store.create_stream(db, name);
                let value = Value::Stream(Stream::new());
                self.model.put(db, name, Rc::new(Object { deadline_ms: None, value }));
                Some((key, db, name.to_vec()))
            }
            None => None,
        }
    }

    fn some_group(&mut self, dice: &mut Dice) -> Option<(Key, u32, Name, Name, Group)> {
        let (key, db, name) = self.some_stream(dice, false)?;
        let groups = &self.model.stream(db, &name)?.groups;
        let (group_name, group) = groups.iter().nth(dice.roll(groups.len() as u64) as usize)?;
        let (group_name, group) = (group_name.clone(), group.clone());
        Some((key, db, name, group_name, group))
    }

    fn group_mut(&mut self, db: u32, name: &[u8], group: &[u8]) -> &mut Group {
        self.model.stream_mut(db, name).groups.get_mut(group).expect("the group is there")
    }

    pub fn set_string(&mut self, dice: &mut Dice) {
        let (db, name) = dice.place();
        let old = self.key(db, name);
        let value = vec![b'x'; dice.roll(40) as usize];
        let deadline_ms = dice.one_in(3).then(|| self.now_ms as u64 + dice.roll(50) * 100);
        self.store.set_string(db, name, old, Bytes::from(value.clone()), deadline_ms);
        self.model.put(db, name, Rc::new(Object { deadline_ms, value: Value::Str(value) }));
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
            Rc::new(self.model.get(db, name).unwrap().clone())
        } else {
            self.store.rename(key, to_db, to, target);
            self.model.take(db, name).unwrap()
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
        for _ in 0..200 {
            self.store.sweep_expired(self.now_ms, 3);
            match self.store.expired_cold(self.now_ms) {
                Some(missing) => self.load(missing),
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
        stream.added += dice.roll(3);
        let (last, added, max_deleted) = (stream.last, stream.added, stream.max_deleted);
        self.store.change(key, &Effect::StreamCounters { last, added, max_deleted });
    }

    fn some_id(&self, dice: &mut Dice, db: u32, name: &[u8]) -> StreamId {
        let stream = self.model.stream(db, name).unwrap();
        match dice.roll(6) {
            0 => StreamId::MIN,
            1 => stream.last,
            2 => StreamId::new(stream.last.ms + dice.roll(20), 0),
            _ => StreamId::new(dice.roll(stream.last.ms + 1), dice.roll(3)),
        }
    }

    pub fn create_group(&mut self, dice: &mut Dice) {
        let Some((key, db, name)) = self.some_stream(dice, true) else { return };
        let group_name = vec![b'g', b'0' + dice.roll(3) as u8];
        if self.model.stream(db, &name).unwrap().groups.contains_key(&group_name) {
            return;
        }
        let last = self.some_id(dice, db, &name);
        let passed = self.ask(key, |store| store.stream(key).unwrap().passed_at(last));
        let stream = self.model.stream_mut(db, &name);
        assert_eq!(passed, stream.passed_at(last), "passed at {last}");
        let (number, read) = (stream.next_group, dice.one_in(2).then(|| dice.roll(9)));
        stream.next_group += 1;
        let group = Group { number, last, read, next_consumer: 1, ..Group::default() };
        stream.groups.insert(group_name.clone(), group);
        assert_eq!(self.store.stream(key).unwrap().next_group(), number);
        self.store.change(key, &Effect::GroupCreate { group: number, name: &group_name, last, read, passed });
    }

    pub fn destroy_group(&mut self, dice: &mut Dice) {
        let Some((key, db, name, group_name, group)) = self.some_group(dice) else { return };
        self.model.stream_mut(db, &name).groups.remove(&group_name);
        self.store.change(key, &Effect::GroupDestroy { group: group.number });
    }

    pub fn set_cursor(&mut self, dice: &mut Dice) {
        let Some((key, db, name, group_name, group)) = self.some_group(dice) else { return };
        let last = self.some_id(dice, db, &name);
        let passed = self.ask(key, |store| store.stream(key).unwrap().passed_at(last));
        let read = dice.one_in(2).then(|| dice.roll(9));
        let g = self.group_mut(db, &name, &group_name);
        (g.last, g.read) = (last, read);
        self.store.change(key, &Effect::GroupCursor { group: group.number, last, read, passed });
    }

    pub fn add_consumer(&mut self, dice: &mut Dice) {
        let Some((key, db, name, group_name, group)) = self.some_group(dice) else { return };
        let consumer_name = vec![b'c', b'0' + dice.roll(3) as u8];
        if group.consumers.values().any(|(n, ..)| *n == consumer_name) {
            return;
        }
        let (number, seen_ms) = (group.next_consumer, self.now_ms);
        let g = self.group_mut(db, &name, &group_name);
        g.next_consumer += 1;
        g.consumers.insert(number, (consumer_name.clone(), seen_ms, -1));
        let effect = Effect::ConsumerAdd { group: group.number, consumer: number, name: &consumer_name, seen_ms };
        self.store.change(key, &effect);
    }

    /// A consumer calls: it vanishes, was seen, gets new entries, acknowledges, or takes over.
    pub fn consume(&mut self, dice: &mut Dice) {
        let Some((key, db, name, group_name, group)) = self.some_group(dice) else { return };
        let numbers: Vec<u32> = group.consumers.keys().copied().collect();
        let Some(consumer) = dice.pick(&numbers) else { return };
        let number = group.number;
        match dice.roll(13) {
            0 => {
                self.group_mut(db, &name, &group_name).remove_consumer(consumer);
                self.store.change(key, &Effect::ConsumerRemove { group: number, consumer });
            }
            1 => {
                let (seen_ms, active_ms) = (self.now_ms, self.now_ms - dice.roll(10) as i64);
                let c = self.group_mut(db, &name, &group_name).consumers.get_mut(&consumer).unwrap();
                (c.1, c.2) = (seen_ms, active_ms);
                self.store.change(key, &Effect::ConsumerSeen { group: number, consumer, seen_ms, active_ms });
            }
            2..6 => self.deliver(dice, key, (db, &name, &group_name), &group, consumer),
            6..9 => {
                let mut ids: Vec<StreamId> = group.pending.keys().copied().filter(|_| dice.one_in(2)).collect();
                ids.push(StreamId::new(dice.roll(50), 0));
                ids.truncate(1 + dice.roll(30) as usize);
                ids.iter().for_each(|id| self.group_mut(db, &name, &group_name).forget(*id));
                self.store.change(key, &Effect::Ack { group: number, ids: Ids::Listed(&ids) });
            }
            9 => {
                let (at_ms, counted) = (self.now_ms, dice.one_in(2));
                let ids: Vec<StreamId> = group.pending.keys().copied().filter(|_| dice.one_in(2)).collect();
                let (g, ids) = (self.group_mut(db, &name, &group_name), Ids::Listed(&ids));
                let count = |id: StreamId| group.pending[&id].2 + i64::from(counted);
                ids.for_each(|id| g.put(id, consumer, at_ms, count(id))).unwrap();
                self.store.change(key, &Effect::Redeliver { group: number, consumer, at_ms, counted, ids });
            }
            _ => {
                let ids: Vec<StreamId> = group.pending.keys().copied().collect();
                for _ in 0..=dice.roll(4) {
                    let Some(id) = dice.pick(&ids) else { return };
                    let consumer = if dice.one_in(4) { NOBODY } else { consumer };
                    let delivered_ms = if consumer == NOBODY { 0 } else { self.now_ms - dice.roll(3) as i64 * 500 };
                    let deliveries = dice.roll(9) as i64;
                    self.group_mut(db, &name, &group_name).put(id, consumer, delivered_ms, deliveries);
                    let effect = Effect::Pend { group: number, id, consumer, delivered_ms, deliveries };
                    self.store.change(key, &effect);
                }
            }
        }
    }

    fn deliver(&mut self, dice: &mut Dice, key: Key, at: (u32, &[u8], &[u8]), group: &Group, consumer: u32) {
        let (db, name, group_name) = at;
        let (number, at_ms, count) = (group.number, self.now_ms, 1 + dice.roll(40) as usize);
        let Some(range) = IdRange::after(group.last) else { return };
        let entries = self.ask(key, |store| store.stream(key).unwrap().log.range(range, count));
        let ids: Vec<StreamId> = entries.iter().map(|e| e.id).collect();
        let stream = self.model.stream(db, name).unwrap();
        let expected: Vec<StreamId> = stream.entries.range(range.start..).take(count).map(|(id, _)| *id).collect();
        assert_eq!(ids, expected, "what group {number} gets after {}", group.last);
        let Some(last) = ids.last().copied() else { return };
        let passed = stream.passed_at(last);
        let g = self.group_mut(db, name, group_name);
        ids.iter().for_each(|id| g.put(*id, consumer, at_ms, 1));
        let c = g.consumers.get_mut(&consumer).unwrap();
        (c.1, c.2) = (at_ms, at_ms);
        g.last = last;
        self.store.change(key, &Effect::Deliver { group: number, consumer, at_ms, ids: Ids::Listed(&ids) });
        self.store.change(key, &Effect::GroupCursor { group: number, last, read: group.read, passed });
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
