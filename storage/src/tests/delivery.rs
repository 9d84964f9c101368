//! What groups and consumers do, in the store and the model alike.

use super::actions::Dice;
use super::model::{Group, Name};
use super::world::World;
use crate::batch::{Effect, Ids};
use crate::id::StreamId;
use crate::store::Key;
use crate::stream::log::IdRange;
use crate::stream::pending::NOBODY;

impl World {
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
        match dice.roll(12) {
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
                let mut ids: Vec<StreamId> = group.pending.keys().copied().collect();
                ids.retain(|_| dice.one_in(2));
                ids.push(StreamId::new(dice.roll(50), 0));
                ids.truncate(1 + dice.roll(30) as usize);
                ids.iter().for_each(|id| self.group_mut(db, &name, &group_name).forget(*id));
                self.store.change(key, &Effect::Ack { group: number, ids: Ids::Listed(&ids) });
            }
            9 => {
                let (at_ms, counted) = (self.now_ms, dice.one_in(2));
                let mut ids: Vec<StreamId> = group.pending.keys().copied().collect();
                ids.retain(|_| dice.one_in(2));
                let g = self.group_mut(db, &name, &group_name);
                for id in &ids {
                    let deliveries = g.pending[id].2 + i64::from(counted);
                    g.put(*id, consumer, at_ms, deliveries);
                }
                let ids = Ids::Listed(&ids);
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
        let (read, ids) = (group.read, Ids::Listed(&ids));
        self.store.change(key, &Effect::Deliver { group: number, consumer, at_ms, read, passed, ids });
    }
}
