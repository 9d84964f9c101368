//! Commands about hashes, lists, sets and sorted sets, as a broker would run them.

use super::actions::Dice;
use super::model::{Object, Value};
use super::world::World;
use crate::change::Change;
use crate::keyspace::object::Kind;
use crate::store::Key;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

const KINDS: [(Kind, fn() -> Value); 4] = [
    (Kind::Hash, || Value::Hash(BTreeMap::new())),
    (Kind::List, || Value::List(Vec::new())),
    (Kind::Set, || Value::Set(BTreeSet::new())),
    (Kind::SortedSet, || Value::SortedSet(BTreeMap::new())),
];

impl World {
    /// A few changes of one value, which is created if there is none; gone if nothing is left in it.
    pub fn change_elements(&mut self, dice: &mut Dice) {
        let (db, name) = dice.place();
        let found = self.key(db, name);
        let key = found.unwrap_or_else(|| {
            let (kind, empty) = KINDS[dice.roll(4) as usize];
            self.model.put(db, name, Rc::new(Object { deadline_ms: None, token: None, value: empty() }));
            self.store.create(db, name, kind, None)
        });
        let many = if dice.one_in(20) { 200 } else { 6 };
        for _ in 0..dice.roll(many) {
            self.change_element(dice, key, db, name);
        }
        let empty = self.model.get(db, name).is_some_and(|o| o.value.has_nothing());
        assert_eq!(self.store.delete_if_empty(key), empty);
        if empty {
            self.model.take(db, name);
        }
    }

    fn change_element(&mut self, dice: &mut Dice, key: Key, db: u32, name: &[u8]) {
        let now_ms = self.now_ms as u64;
        let element = element(dice);
        let Some(value) = self.model.get_mut(db, name).map(|o| &mut o.value) else { return };
        let change = match value {
            Value::Str(_) | Value::Stream(_) => return,
            Value::Hash(fields) => {
                let deadline_ms = dice.one_in(4).then(|| now_ms + 1 + dice.roll(4000));
                if dice.one_in(3) {
                    if fields.remove(&element).is_none() {
                        return;
                    }
                    Change::FieldRemove { field: &element }
                } else if let Some(field) = fields.get_mut(&element).filter(|_| dice.one_in(3)) {
                    field.1 = deadline_ms;
                    Change::FieldDeadline { field: &element, at_ms: deadline_ms }
                } else {
                    fields.insert(element.clone(), (b"v".to_vec(), deadline_ms));
                    Change::FieldPut { field: &element, value: b"v", deadline_ms }
                }
            }
            Value::List(_) => return self.change_list(dice, key, db, name, &element),
            Value::Set(members) => {
                if members.remove(&element) {
                    Change::MemberRemove { member: &element }
                } else {
                    members.insert(element.clone());
                    Change::MemberAdd { member: &element }
                }
            }
            Value::SortedSet(scores) => {
                if dice.one_in(3) {
                    if scores.remove(&element).is_none() {
                        return;
                    }
                    Change::ScoreRemove { member: &element }
                } else {
                    let bits = (dice.roll(9) as f64 - 4.0).to_bits();
                    scores.insert(element.clone(), bits);
                    Change::ScorePut { member: &element, bits }
                }
            }
        };
        self.store.change_value(key, change);
    }

    fn change_list(&mut self, dice: &mut Dice, key: Key, db: u32, name: &[u8], value: &[u8]) {
        let Some(Value::List(list)) = self.model.get_mut(db, name).map(|o| &mut o.value) else { return };
        let (len, back) = (list.len(), dice.one_in(2));
        let at = dice.roll(len as u64) as usize;
        let change = match dice.roll(8) {
            0 if len > 0 => {
                list.remove(if back { len - 1 } else { 0 });
                Change::ListPop { back, count: 1 }
            }
            1 if len > 0 => {
                list[at] = value.to_vec();
                Change::ListSet { index: at as u64, value }
            }
            2 => {
                list.insert(at, value.to_vec());
                Change::ListInsert { index: at as u64, value }
            }
            3 => {
                list.retain(|e| e != value);
                Change::ListRemove { back, count: u64::MAX, value }
            }
            4 if len > 4 => {
                list.drain(..2);
                list.pop();
                Change::ListTrim { first: 2, keep: len as u64 - 3 }
            }
            _ => {
                list.insert(if back { len } else { 0 }, value.to_vec());
                Change::ListPush { back, value }
            }
        };
        self.store.change_value(key, change);
    }
}

/// Few names, so that they meet; some are numbers, some are long.
fn element(dice: &mut Dice) -> Vec<u8> {
    match dice.roll(12) {
        0 => vec![b'l'; 65 + dice.roll(3) as usize],
        1..4 => format!("m{}", dice.roll(300)).into_bytes(),
        _ => dice.roll(12).to_string().into_bytes(),
    }
}
