//! One connection that writes until the server dies, in small pipelines, checking every reply against its ledger.

use brooklet_testkit::client::{NoReply, PATIENCE};
use brooklet_testkit::{Client, Value};
use fastrand::Rng;

use crate::ledger::{Entry, Ledger, Op, read_id};

/// Writes until the connection breaks. Returns how many operations were answered, or what was answered wrongly.
pub fn write(ledger: &mut Ledger, mut client: Client, rng: &mut Rng) -> Result<usize, String> {
    let mut answered = 0;
    loop {
        let batch: Vec<Op> = (0..rng.usize(1..6)).map(|_| choose(ledger, rng)).collect();
        let mut bytes = Vec::new();
        for op in &batch {
            bytes.extend(brooklet_testkit::client::encode(&ledger.command(op)));
        }
        ledger.unknown = batch.clone();
        if client.send_raw(&bytes).is_err() {
            return Ok(answered);
        }
        for op in &batch {
            match client.read(PATIENCE) {
                Ok(reply) => settle(ledger, op, &reply)?,
                Err(NoReply::Closed) => return Ok(answered),
                Err(other) => return Err(format!("{op:?} was answered {other:?}")),
            }
            ledger.unknown.remove(0);
            answered += 1;
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

/// Takes a reply in: it must be the one that the ledger predicts.
fn settle(ledger: &mut Ledger, op: &Op, reply: &Value) -> Result<(), String> {
    let wrong = |expected: &str| Err(format!("writer {}: {op:?} was answered {reply:?}, {expected}", ledger.writer));
    match op {
        Op::Add(_) => {
            let Some(id) = reply.text().as_deref().and_then(read_id) else { return wrong("not an id") };
            if id <= ledger.top {
                return wrong("not above the highest id before");
            }
            ledger.top = id;
            ledger.apply(op);
            let last = ledger.entries.back_mut();
            last.expect("just added").id = Some(id);
            return Ok(());
        }
        Op::Read(count) => {
            let mut next = ledger.clone();
            let expected = next.deliver(*count);
            if delivered(reply) != expected {
                return wrong(&format!("expected {expected:?}"));
            }
            *ledger = next;
            return Ok(());
        }
        Op::Ack(ids) => {
            let known = ledger.pending.iter().filter(|e| e.id.is_some_and(|id| ids.contains(&id))).count();
            if reply.number() != Some(known as i64) {
                return wrong(&format!("expected {known}"));
            }
        }
        Op::Trim(length) => {
            let excess = ledger.entries.len().saturating_sub(*length);
            if reply.number() != Some(excess as i64) {
                return wrong(&format!("expected {excess}"));
            }
        }
        Op::Share(_) | Op::Set(_) | Op::Both(_) if reply.is_error() => return wrong("expected success"),
        Op::Share(_) | Op::Set(_) | Op::Both(_) => {}
    }
    ledger.apply(op);
    Ok(())
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
