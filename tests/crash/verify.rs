//! After a restart: what the server has must be the ledger, plus a beginning of what was sent and not answered.

use std::collections::HashMap;

use brooklet_testkit::{Client, Value};

use crate::ledger::{Entry, Id, Ledger, read_id};
use crate::writer::entry;

/// What the server has of one writer.
struct Found {
    entries: Vec<Entry>,
    pending: Vec<Id>,
    shared: Vec<u64>,
    value: Option<u64>,
}

/// Compares and takes over what turned out to have happened. How many unanswered operations had happened.
pub fn verify(ledger: &mut Ledger, client: &mut Client) -> Result<usize, String> {
    let found = look(ledger, client)?;
    let mut candidate = ledger.clone();
    let mut first = None;
    for happened in 0..=ledger.unknown.len() {
        if happened > 0 {
            candidate.apply(&ledger.unknown[happened - 1]);
        }
        match same(&candidate, &found) {
            Ok(()) => {
                adopt(ledger, candidate, &found)?;
                return Ok(happened);
            }
            Err(why) => first = first.or(Some(why)),
        }
    }
    let why = first.unwrap_or_default();
    Err(format!("writer {}: with nothing unanswered done: {why}; unanswered: {:?}", ledger.writer, ledger.unknown))
}

fn look(ledger: &Ledger, client: &mut Client) -> Result<Found, String> {
    let log = ledger.log();
    let mut ask = |words: &[&str]| match client.call(words) {
        Ok(Value::Error(why)) => Err(format!("{words:?}: {}", String::from_utf8_lossy(&why))),
        Ok(reply) => Ok(reply),
        Err(why) => Err(format!("{words:?}: {why:?}")),
    };
    let entries: Vec<Entry> = ask(&["XRANGE", &log, "-", "+"])?.items().iter().filter_map(entry).collect();
    let length = ask(&["XLEN", &log])?.number();
    if length != Some(entries.len() as i64) {
        return Err(format!("XLEN {log} is {length:?} but XRANGE shows {}", entries.len()));
    }
    let pending = ask(&["XPENDING", &log, "g", "-", "+", "1000000"])?;
    let id = |row: &Value| row.items().first()?.text().as_deref().and_then(read_id);
    let writer = ledger.writer.to_string();
    let mine =
        |item: &Value| item.items().get(1).map(Value::items).is_some_and(|f| f[0].text().as_ref() == Some(&writer));
    let shared = ask(&["XRANGE", "shared", "-", "+"])?;
    Ok(Found {
        pending: pending.items().iter().filter_map(id).collect(),
        shared: shared.items().iter().filter(|i| mine(i)).filter_map(entry).map(|e| e.number).collect(),
        value: ask(&["GET", &ledger.key()])?.number().map(|n| n as u64),
        entries,
    })
}

fn same(ledger: &Ledger, found: &Found) -> Result<(), String> {
    let numbers = |entries: &mut dyn Iterator<Item = &Entry>| entries.map(|e| e.number).collect::<Vec<_>>();
    let (here, there) = (numbers(&mut ledger.entries.iter()), numbers(&mut found.entries.iter()));
    if here != there {
        return Err(format!("entries {} expected {}", brief(&there), brief(&here)));
    }
    let moved = ledger.entries.iter().zip(&found.entries).find(|(a, b)| a.id.is_some() && a.id != b.id);
    if let Some((expected, other)) = moved {
        return Err(format!("entry {expected:?} has become {other:?}"));
    }
    if ledger.value != found.value {
        return Err(format!("the key holds {:?}, expected {:?}", found.value, ledger.value));
    }
    if ledger.shared != found.shared {
        return Err(format!("shared {} expected {}", brief(&found.shared), brief(&ledger.shared)));
    }
    let known: Vec<Id> = resolved(ledger, found).into_iter().filter_map(|e| e.id).collect();
    let missing = known.iter().find(|id| !found.pending.contains(id));
    match missing {
        Some(id) => Err(format!("{id:?} is no longer pending")),
        None if found.pending.len() != ledger.pending.len() => {
            Err(format!("{} are pending, expected {}", found.pending.len(), ledger.pending.len()))
        }
        None => Ok(()),
    }
}

/// The pending entries with the ids that the log tells of those added without an answer.
fn resolved(ledger: &Ledger, found: &Found) -> Vec<Entry> {
    let ids: HashMap<u64, Option<Id>> = found.entries.iter().map(|e| (e.number, e.id)).collect();
    let learn = |e: &Entry| Entry { number: e.number, id: e.id.or_else(|| ids.get(&e.number).copied().flatten()) };
    ledger.pending.iter().map(learn).collect()
}

fn adopt(ledger: &mut Ledger, candidate: Ledger, found: &Found) -> Result<(), String> {
    let ids: Vec<Option<Id>> = found.entries.iter().map(|e| e.id).collect();
    if !ids.is_sorted_by(|a, b| a < b) {
        return Err(format!("ids of {} do not grow", ledger.log()));
    }
    let pending = resolved(&candidate, found);
    *ledger = candidate;
    ledger.entries = found.entries.clone().into();
    ledger.top = ids.last().copied().flatten().unwrap_or_default().max(ledger.top);
    ledger.pending = pending;
    // Someone who is pending under an id that nobody saw cannot be acknowledged later; the ids are those left over.
    let known: Vec<Id> = ledger.pending.iter().filter_map(|e| e.id).collect();
    let mut left = found.pending.iter().filter(|id| !known.contains(id));
    ledger.pending.iter_mut().filter(|e| e.id.is_none()).for_each(|e| e.id = left.next().copied());
    ledger.unknown.clear();
    ledger.shared.clear();
    Ok(())
}

fn brief(numbers: &[u64]) -> String {
    match numbers {
        [] => "none".to_owned(),
        [first, .., last] => format!("{} from {first} to {last}", numbers.len()),
        [one] => format!("1, {one}"),
    }
}
