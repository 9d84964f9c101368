//! Each kind against the simplest model, through changes and records.

use super::hash::Hash;
use super::list::List;
use super::set::Set;
use super::sorted_set::SortedSet;
use super::table::{Compact, Table};
use crate::change::Change;
use bytes::Bytes;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

fn name(n: u16) -> Vec<u8> {
    if n.is_multiple_of(97) { vec![b'x'; 70 + n as usize % 3] } else { format!("m{n}").into_bytes() }
}

/// Walks in steps; what was there all the time is met.
fn walked<V: super::table::Content>(table: &Table<V>, step: usize) -> Vec<Bytes> {
    let (mut cursor, mut met) = (0, Vec::new());
    loop {
        cursor = table.walk(cursor, step, |name, _| met.push(name.clone()));
        if cursor == 0 {
            return met;
        }
    }
}

proptest! {
    #[test]
    fn a_hash_is_a_map_with_deadlines(steps in prop::collection::vec((0u8..6, 0u16..900, any::<u8>()), 0..1500)) {
        let mut hash = Hash::new(7);
        let mut model: BTreeMap<Vec<u8>, (Vec<u8>, Option<u64>)> = BTreeMap::new();
        for (what, n, byte) in steps {
            let field = name(n);
            let deadline_ms = (byte % 3 == 0).then_some(u64::from(byte));
            let change = match what {
                0 if model.contains_key(&field) => {
                    model.remove(&field);
                    Change::FieldRemove { field: &field }
                }
                1 if model.contains_key(&field) => {
                    model.get_mut(&field).unwrap().1 = deadline_ms;
                    Change::FieldDeadline { field: &field, at_ms: deadline_ms }
                }
                0 | 1 => {
                    let refused = hash.apply(&Change::FieldRemove { field: &field }).is_err();
                    prop_assert!(refused);
                    continue;
                }
                _ => {
                    model.insert(field.clone(), (vec![byte], deadline_ms));
                    Change::FieldPut { field: &field, value: &[byte], deadline_ms }
                }
            };
            hash.apply(&change).unwrap();
        }
        for hash in [Hash::read(&hash.write()).unwrap(), hash] {
            let seen: BTreeMap<Vec<u8>, (Vec<u8>, Option<u64>)> =
                hash.fields().iter().map(|(n, f)| (n.to_vec(), (f.value.to_vec(), f.deadline_ms))).collect();
            prop_assert_eq!(&seen, &model);
            prop_assert_eq!(hash.len(), model.len());
            prop_assert_eq!(hash.next_deadline_ms(), model.values().filter_map(|(_, at)| *at).min());
            let met: BTreeSet<Bytes> = walked(hash.fields(), 10).into_iter().collect();
            prop_assert_eq!(met.len(), model.len());
            prop_assert!(model.keys().all(|n| hash.fields().get(n).is_some()));
        }
    }

    #[test]
    fn a_list_is_a_vector(steps in prop::collection::vec((0u8..8, any::<u16>(), any::<bool>()), 0..300)) {
        let (mut list, mut model) = (List::default(), Vec::<Vec<u8>>::new());
        for (what, n, back) in steps {
            let value = name(n % 5);
            let at = n as usize % (model.len() + 1);
            let change = match what {
                0..3 => {
                    model.insert(if back { model.len() } else { 0 }, value.clone());
                    Change::ListPush { back, value: &value }
                }
                3 => {
                    let gone = if back { model.len() - at..model.len() } else { 0..at };
                    model.drain(gone);
                    Change::ListPop { back, count: at as u64 }
                }
                4 if at < model.len() => {
                    model[at].clone_from(&value);
                    Change::ListSet { index: at as u64, value: &value }
                }
                5 => {
                    model.insert(at, value.clone());
                    Change::ListInsert { index: at as u64, value: &value }
                }
                6 => {
                    let mut left = at;
                    let mut keep = |e: &Vec<u8>| *e != value || left == 0 || { left -= 1; false };
                    if back {
                        model.reverse();
                        model.retain(&mut keep);
                        model.reverse();
                    } else {
                        model.retain(&mut keep);
                    }
                    Change::ListRemove { back, count: at as u64, value: &value }
                }
                _ => {
                    let keep = (model.len() - at).min(n as usize % 40);
                    model = model[at..at + keep].to_vec();
                    Change::ListTrim { first: at as u64, keep: keep as u64 }
                }
            };
            list.apply(&change).unwrap();
            prop_assert!(list.elements().iter().eq(model.iter()));
        }
        let again = List::read(&list.write()).unwrap();
        prop_assert_eq!(again.elements(), list.elements());
        prop_assert_eq!(again.is_compact(), list.is_compact());
        let too_many = Change::ListPop { back: true, count: model.len() as u64 + 1 };
        prop_assert!(list.apply(&too_many).is_err());
    }

    #[test]
    fn a_set_is_a_set(steps in prop::collection::vec((0u8..4, 0u16..900), 0..1200), numbers in 0u8..3) {
        let (mut set, mut model) = (Set::new(3), BTreeSet::<Vec<u8>>::new());
        for (n, (what, member)) in steps.into_iter().enumerate() {
            let only_numbers = numbers == 0 || (numbers == 1 && n < 600);
            let member = if only_numbers { (i64::from(member) - 400).to_string().into_bytes() } else { name(member) };
            if what == 0 {
                prop_assert_eq!(set.remove(&member), model.remove(&member));
            } else {
                prop_assert_eq!(set.add(&member), model.insert(member));
            }
        }
        for set in [Set::read(&set.write()).unwrap(), set] {
            let seen: Vec<Bytes> = set.iter().collect();
            prop_assert_eq!(seen.len(), model.len());
            prop_assert!(!set.is_integers() || seen.iter().map(|m| super::integer(m).unwrap()).is_sorted());
            prop_assert!(seen.iter().all(|m| model.contains(&m[..]) && set.contains(m)));
            let places: BTreeSet<Bytes> = (0..set.len()).filter_map(|place| set.nth(place)).collect();
            prop_assert!(places.iter().map(|m| &m[..]).eq(model.iter().map(|m| &m[..])), "each has one place");
        }
    }

    #[test]
    fn a_sorted_set_is_in_order(steps in prop::collection::vec((0u8..5, 0u16..1500, -40i8..40), 0..3000)) {
        let (mut set, mut model) = (SortedSet::new(1), BTreeMap::<Vec<u8>, f64>::new());
        for (what, member, score) in steps {
            let (member, score) = (name(member), f64::from(score) / 4.0);
            if what == 0 {
                prop_assert_eq!(set.remove(&member), model.remove(&member));
            } else {
                prop_assert_eq!(set.put(&member, score), model.insert(member, score));
            }
        }
        let mut ordered: Vec<(f64, Vec<u8>)> = model.iter().map(|(m, s)| (*s, m.clone())).collect();
        ordered.sort_by(|a, b| a.0.total_cmp(&b.0).then_with(|| a.1.cmp(&b.1)));
        for set in [SortedSet::read(&set.write()).unwrap(), set] {
            prop_assert_eq!(set.len(), ordered.len());
            for (rank, (score, member)) in ordered.iter().enumerate().step_by(29) {
                prop_assert_eq!(set.rank(member), Some(rank));
                prop_assert_eq!(set.score(member), Some(*score));
                let up = set.order().from(rank).next().map(|(s, m)| (*s, m.to_vec()));
                prop_assert_eq!(up, Some((*score, member.clone())));
                prop_assert_eq!(set.order().count_while(|s, _| s < *score), ordered.partition_point(|e| e.0 < *score));
            }
            prop_assert!(set.order().from(0).map(|(_, m)| &m[..]).eq(ordered.iter().map(|e| &e.1[..])));
            let down = set.order().below(ordered.len()).map(|(_, m)| &m[..]);
            prop_assert!(down.eq(ordered.iter().rev().map(|e| &e.1[..])));
        }
    }
}

#[test]
fn a_walk_meets_what_stays_while_the_rest_comes_and_goes() {
    let mut table: Table<()> = Table::new(9, Compact { elements: 128, bytes: 64 });
    let stays: BTreeSet<Vec<u8>> = (0..1000).map(|n| format!("stay{n}").into_bytes()).collect();
    for member in &stays {
        table.put(member.clone().into(), ());
    }
    let (mut cursor, mut met, mut round) = (0, BTreeSet::new(), 0);
    loop {
        cursor = table.walk(cursor, 7, |name, ()| {
            met.insert(name.to_vec());
        });
        if cursor == 0 {
            break;
        }
        for n in 0..20 {
            table.put(format!("guest{round}-{n}").into_bytes().into(), ());
            if round > 3 && n % 4 != 0 {
                table.remove(format!("guest{}-{n}", round - 2).as_bytes());
            }
        }
        round += 1;
    }
    assert!(stays.is_subset(&met));
}

#[test]
fn scores_that_are_zero_are_equal_and_infinities_stand_at_the_ends() {
    let mut set = SortedSet::new(1);
    for (member, score) in [("b", 0.0), ("a", -0.0), ("z", f64::NEG_INFINITY), ("y", f64::INFINITY), ("c", -0.0)] {
        set.put(member.as_bytes(), score);
    }
    let members: Vec<&[u8]> = set.order().from(0).map(|(_, m)| &m[..]).collect();
    assert_eq!(members, [b"z", b"a", b"b", b"c", b"y"]);
    assert!(set.score(b"a").unwrap().is_sign_positive(), "a compact set has one zero");
}
