//! What goes by itself and what stays, with a clock that the test moves, against a list of what everybody still needs.

use super::number;
use brooklet::{Broker, Reply, Session, StreamId};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

fn broker(policy: &[&str]) -> (Broker, Session) {
    let broker = Broker::builder().manual_clock_at(10_000_000).build().unwrap();
    let session = broker.session();
    session.call(["POLICY.SET", "s"].iter().chain(policy)).unwrap();
    (broker, session)
}

fn ids_of(reply: &Reply) -> Vec<StreamId> {
    let entries = match reply {
        Reply::Array(entries) => entries,
        Reply::Pairs(streams) => return ids_of(&streams[0].1),
        _ => return Vec::new(),
    };
    let id = |entry: &Reply| match entry {
        Reply::Entry(entry) => entry.id,
        other => panic!("{other:?}"),
    };
    entries.iter().map(id).collect()
}

fn live(session: &Session) -> Vec<StreamId> {
    ids_of(&session.call(["XRANGE", "s", "-", "+"]).unwrap())
}

fn add(session: &Session, count: u64) {
    for _ in 0..count {
        session.call(["XADD", "s", "*", "f", "v"]).unwrap();
    }
}

fn len(session: &Session) -> i64 {
    number(session.call(["XLEN", "s"]).unwrap())
}

fn read(session: &Session, group: &str, count: &str) -> Vec<StreamId> {
    ids_of(&session.call(["XREADGROUP", "GROUP", group, "c", "COUNT", count, "STREAMS", "s", ">"]).unwrap())
}

fn ack(session: &Session, group: &str, ids: &[StreamId]) {
    let ids: Vec<String> = ids.iter().map(StreamId::to_string).collect();
    session.call(["XACK", "s", group].into_iter().chain(ids.iter().map(String::as_str))).unwrap();
}

#[test]
fn a_length_is_kept_within_a_batch() {
    let (_broker, session) = broker(&["maxlen", "50", "clean-batch", "10"]);
    add(&session, 59);
    assert_eq!(len(&session), 59);
    add(&session, 1);
    assert_eq!(len(&session), 50);
    assert_eq!(number(session.call(["POLICY.RUN", "s"]).unwrap()), 0);
    add(&session, 5);
    assert_eq!(number(session.call(["POLICY.RUN", "s"]).unwrap()), 5);
}

#[test]
fn what_is_too_old_goes_with_the_next_entry() {
    let (broker, session) = broker(&["maxage-ms", "1h"]);
    add(&session, 3);
    broker.advance(Duration::from_secs(3600));
    add(&session, 1);
    assert_eq!(len(&session), 4, "not older than an hour yet");
    broker.advance(Duration::from_secs(2));
    add(&session, 1);
    assert_eq!(len(&session), 2);
}

#[test]
fn nothing_goes_that_a_group_has_not_acknowledged() {
    let (_broker, session) = broker(&["retain", "acked", "maxlen", "5", "clean-batch", "1"]);
    add(&session, 8);
    assert_eq!(len(&session), 8, "without a group nobody has acknowledged");
    session.call(["XGROUP", "CREATE", "s", "g", "0"]).unwrap();
    session.call(["XGROUP", "CREATE", "s", "h", "0"]).unwrap();
    let (of_g, of_h) = (read(&session, "g", "8"), read(&session, "h", "8"));
    ack(&session, "g", &of_g);
    add(&session, 1);
    assert_eq!(len(&session), 9);
    ack(&session, "h", &of_h[..2]);
    assert_eq!(live(&session)[0], of_h[2], "two were all that could go");
    ack(&session, "h", &of_h[3..]);
    assert_eq!(len(&session), 7, "one that is older is still pending");
    ack(&session, "h", &of_h[2..3]);
    assert_eq!(len(&session), 5);
}

#[test]
fn floors_hold_whatever_the_limits_say() {
    let (broker, session) =
        broker(&["maxlen", "2", "clean-batch", "1", "min-retention-ms", "10s", "min-retention-count", "4"]);
    add(&session, 6);
    assert_eq!(len(&session), 6);
    broker.advance(Duration::from_secs(11));
    add(&session, 1);
    assert_eq!(len(&session), 4, "the newest four stay");
}

#[test]
fn interest_is_over_when_all_have_acknowledged() {
    let (_broker, session) = broker(&["retain", "interest", "ack-scope", "g,h"]);
    for group in ["g", "h", "other"] {
        session.call(["XGROUP", "CREATE", "s", group, "0", "MKSTREAM"]).unwrap();
    }
    add(&session, 4);
    let ids = read(&session, "g", "4");
    ack(&session, "g", &ids);
    assert_eq!(len(&session), 4);
    assert_eq!(read(&session, "h", "2").len(), 2);
    ack(&session, "h", &ids[..2]);
    assert_eq!(len(&session), 2, "the group that is not asked has read none");
    session.call(["XGROUP", "DESTROY", "s", "h"]).unwrap();
    add(&session, 1);
    assert_eq!(len(&session), 3, "a group that is named and not there keeps everything");
}

#[test]
fn a_writer_is_refused_when_all_have_to_stay() {
    let (_broker, session) = broker(&["priority", "critical", "maxlen", "3", "min-retention-ms", "0"]);
    session.call(["XGROUP", "CREATE", "s", "g", "0", "MKSTREAM"]).unwrap();
    add(&session, 3);
    match session.call(["XADD", "s", "*", "f", "v"]) {
        Err(brooklet::Error::Refused(text)) => assert!(text.starts_with("STREAMFULL "), "{text}"),
        other => panic!("{other:?}"),
    }
    let ids = read(&session, "g", "1");
    ack(&session, "g", &ids);
    add(&session, 1);
    assert_eq!(len(&session), 3);
}

/// What a group has, as the test knows it.
#[derive(Default)]
struct Needs {
    cursor: StreamId,
    pending: BTreeSet<StreamId>,
}

#[test]
fn random_groups_never_lose_what_they_need() {
    for seed in 0..60 {
        lives(seed);
    }
}

/// One life: whatever was removed was needed by nobody and not protected by a floor.
fn lives(seed: u64) {
    let mut dice = fastrand::Rng::with_seed(seed);
    let (maxlen, min_count, min_ms) = (dice.u64(1..20), dice.u64(..6), dice.u64(..3) * 1000);
    let retain = if dice.bool() { "acked" } else { "interest" };
    let texts = [maxlen, dice.u64(1..8), min_count, min_ms].map(|n| n.to_string());
    let [max, batch, count, ms] = texts.each_ref().map(String::as_str);
    let policy = ["retain", retain, "maxlen", max, "clean-batch", batch, "min-retention-count", count];
    let (broker, session) = broker(&policy);
    session.call(["POLICY.SET", "s", "min-retention-ms", ms, "maxage-ms", "5s"]).unwrap();
    session.call(["XGROUP", "CREATE", "s", "g0", "0", "MKSTREAM"]).unwrap();
    let mut groups: BTreeMap<String, Needs> = BTreeMap::from([("g0".to_owned(), Needs::default())]);
    let (mut all, mut last) = (Vec::<StreamId>::new(), StreamId::MIN);
    for step in 0..300 {
        let group = format!("g{}", dice.u64(..3));
        match dice.u8(..10) {
            // Ids of one millisecond with sequences of any number of digits.
            0..=3 => {
                let now_ms = broker.now_ms() as u64;
                let next = StreamId::new(now_ms.max(last.ms), if now_ms > last.ms { 0 } else { last.seq });
                last = StreamId::new(next.ms, next.seq + 1 + dice.u64(..30));
                session.call(["XADD", "s", &last.to_string(), "f", "v"]).unwrap();
                all.push(last);
            }
            4 | 5 => {
                if let Some(needs) = groups.get_mut(&group) {
                    let ids = read(&session, &group, "3");
                    needs.cursor = ids.last().copied().unwrap_or(needs.cursor);
                    needs.pending.extend(ids);
                }
            }
            6 | 7 => {
                if let Some(needs) = groups.get_mut(&group) {
                    let ids: Vec<StreamId> = needs.pending.iter().copied().filter(|_| dice.bool()).collect();
                    // Nothing that this call acknowledges is needed any more when it trims.
                    needs.pending.retain(|id| !ids.contains(id));
                    if !ids.is_empty() {
                        ack(&session, &group, &ids);
                    }
                }
            }
            8 => broker.advance(Duration::from_millis(dice.u64(..2000))),
            _ => match groups.remove(&group) {
                Some(_) => drop(session.call(["XGROUP", "DESTROY", "s", &group]).unwrap()),
                None => {
                    let from = live(&session).first().map_or(StreamId::MIN, |first| *first);
                    session.call(["XGROUP", "CREATE", "s", &group, &from.to_string()]).unwrap();
                    groups.insert(group, Needs { cursor: from, ..Needs::default() });
                }
            },
        }
        let left: BTreeSet<StreamId> = live(&session).into_iter().collect();
        let may_go = retain == "interest" || !groups.is_empty();
        assert!(may_go || all.iter().all(|id| left.contains(id)), "seed {seed}, step {step}: nobody has acknowledged");
        let newest = all.len().saturating_sub(min_count as usize);
        for (place, id) in all.iter().enumerate().filter(|(_, id)| !left.contains(id)) {
            let why = format!("seed {seed}, step {step}: {id} is gone");
            for (name, needs) in &groups {
                assert!(*id <= needs.cursor && !needs.pending.contains(id), "{why}, and {name} needs it");
            }
            assert!(place < newest, "{why}, and is one of the newest {min_count}");
            let age_ms = broker.now_ms() as u64 - id.ms;
            assert!(age_ms >= min_ms, "{why}, and is {age_ms} ms old");
        }
        assert!(all.iter().rev().take(left.len()).all(|id| left.contains(id)), "seed {seed}: only the oldest go");
        all = left.into_iter().collect();
    }
}
