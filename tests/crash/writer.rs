//! One connection that writes until the server dies, in small pipelines, checking every reply against its ledger.

use brooklet_testkit::client::{NoReply, PATIENCE};
use brooklet_testkit::{Client, Value};
use fastrand::Rng;

use crate::history::History;
use crate::ledger::{Entry, Id, Ledger, Op, read_id};

/// How a full disk is told.
const FULL: &[u8] = b"MISCONF ";

/// Writes until the connection breaks; fails if something was answered wrongly.
pub fn write(history: &mut History, mut client: Client, rng: &mut Rng) -> Result<(), String> {
    loop {
        let batch: Vec<Op> = match history.now.made {
            true => (0..rng.usize(1..6)).map(|_| choose(&mut history.now, rng)).collect(),
            false => vec![Op::Make],
        };
        let mut bytes = Vec::new();
        for op in &batch {
            bytes.extend(brooklet_testkit::client::encode(&history.now.command(op)));
        }
        history.sent(&batch);
        if client.send_raw(&bytes).is_err() {
            return Ok(());
        }
        for op in &batch {
            match client.read(PATIENCE) {
                Ok(Value::Error(why)) if history.may_be_refused && why.starts_with(FULL) => history.refused(),
                Ok(reply) => {
                    let id = right(&history.now, op, &reply)?;
                    history.answered(id);
                }
                Err(NoReply::Closed) => return Ok(()),
                Err(other) => return Err(format!("{op:?} was answered {other:?}")),
            }
        }
    }
}

fn choose(ledger: &mut Ledger, rng: &mut Rng) -> Op {
    let mut number = || {
        ledger.next += 1;
        ledger.next - 1
    };
    match rng.u8(..20) {
        0..8 => Op::Add(number()),
        8..10 => Op::Share(number()),
        10..13 => Op::Read(rng.usize(1..10)),
        13..17 => {
            let ids: Vec<_> = ledger.pending.iter().filter_map(|entry| entry.id).take(rng.usize(1..12)).collect();
            if ids.is_empty() { Op::Set(number()) } else { Op::Ack(ids) }
        }
        17..18 => Op::Set(number()),
        18..19 => Op::Both(number()),
        _ => Op::Trim(rng.usize(20..120)),
    }
}

/// Whether a reply is the one that the ledger predicts; the id that it gives.
fn right(ledger: &Ledger, op: &Op, reply: &Value) -> Result<Option<Id>, String> {
    let wrong = |expected: &str| {
        let answer: String = brooklet_testkit::write::value(reply).chars().take(400).collect();
        Err(format!("writer {}: {op:?} was answered {answer}, {expected}", ledger.writer))
    };
    let counts = |expected: usize| match reply.number() {
        Some(n) if n == expected as i64 => Ok(None),
        _ => wrong(&format!("expected {expected}")),
    };
    match op {
        Op::Add(_) => match reply.text().as_deref().and_then(read_id) {
            None => wrong("not an id"),
            Some(id) if id <= ledger.top => wrong("not above the highest id before"),
            id => Ok(id),
        },
        Op::Read(count) => {
            let expected = ledger.fresh(*count);
            if delivered(reply) != expected {
                return wrong(&format!("expected {expected:?}"));
            }
            Ok(None)
        }
        Op::Ack(ids) => counts(ledger.pending.iter().filter(|e| e.id.is_some_and(|id| ids.contains(&id))).count()),
        Op::Trim(length) => counts(ledger.entries.len().saturating_sub(*length)),
        Op::Make | Op::Share(_) | Op::Set(_) | Op::Both(_) if reply.is_error() => wrong("expected success"),
        Op::Make | Op::Share(_) | Op::Set(_) | Op::Both(_) => Ok(None),
    }
}

fn delivered(reply: &Value) -> Vec<Entry> {
    let stream = reply.items().first().map(Value::items).unwrap_or_default();
    stream.get(1).map(Value::items).unwrap_or_default().iter().filter_map(entry).collect()
}

/// An entry of a reply: its id and the number in it.
pub fn entry(item: &Value) -> Option<Entry> {
    let parts = item.items();
    let number = parts.get(1)?.items().get(1)?.number()?;
    Some(Entry { number: number as u64, id: read_id(&parts.first()?.text()?) })
}
