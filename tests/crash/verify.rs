//! What a server has of one writer's data, compared with a ledger.

use std::collections::HashMap;

use brooklet_testkit::{Client, Value};

use crate::ledger::{Entry, Id, Ledger, read_id};
use crate::writer::entry;

/// What the server has of one writer.
pub struct Found {
    made: bool,
    delivered: Option<Id>,
    entries: Vec<Entry>,
    pending: Vec<Id>,
    shared: Vec<u64>,
    value: Option<u64>,
}

/// Asks for all of it.
pub fn look(ledger: &Ledger, client: &mut Client) -> Result<Found, String> {
    let log = ledger.log();
    let mut ask = |words: &[&str]| match client.call(words) {
        Ok(Value::Error(why)) if why != b"ERR no such key" => {
            Err(format!("{words:?}: {}", String::from_utf8_lossy(&why)))
        }
        Ok(reply) => Ok(reply),
        Err(why) => Err(format!("{words:?}: {why:?}")),
    };
    let entries: Vec<Entry> = ask(&["XRANGE", &log, "-", "+"])?.items().iter().filter_map(entry).collect();
    let length = ask(&["XLEN", &log])?.number();
    if length != Some(entries.len() as i64) {
        return Err(format!("XLEN {log} is {length:?} but XRANGE shows {}", entries.len()));
    }
    let group = ask(&["XINFO", "GROUPS", &log])?.items().first().cloned();
    let delivered = group.as_ref().and_then(|g| g.get("last-delivered-id")?.text().as_deref().and_then(read_id));
    let pending = match &group {
        Some(_) => ask(&["XPENDING", &log, "g", "-", "+", "1000000"])?.items(),
        None => Vec::new(),
    };
    let id = |row: &Value| row.items().first()?.text().as_deref().and_then(read_id);
    let writer = ledger.writer.to_string();
    let mine =
        |item: &Value| item.items().get(1).map(Value::items).is_some_and(|f| f[0].text().as_ref() == Some(&writer));
    let shared = ask(&["XRANGE", "shared", "-", "+"])?;
    Ok(Found {
        made: group.is_some(),
        delivered,
        pending: pending.iter().filter_map(id).collect(),
        shared: shared.items().iter().filter(|i| mine(i)).filter_map(entry).map(|e| e.number).collect(),
        value: ask(&["GET", &ledger.key()])?.number().map(|n| n as u64),
        entries,
    })
}

/// Whether that is what the ledger says.
pub fn same(ledger: &Ledger, found: &Found) -> Result<(), String> {
    if ledger.made != found.made {
        return Err(format!("the group is {}there", if found.made { "" } else { "not " }));
    }
    if !ledger.entries.iter().map(|e| e.number).eq(found.entries.iter().map(|e| e.number)) {
        let numbers = |entries: &mut dyn Iterator<Item = &Entry>| brief(&entries.map(|e| e.number).collect::<Vec<_>>());
        let (here, there) = (numbers(&mut ledger.entries.iter()), numbers(&mut found.entries.iter()));
        return Err(format!("entries {there} expected {here}"));
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
    if ledger.made && ledger.delivered.is_some() && ledger.delivered != found.delivered {
        return Err(format!("delivered up to {:?}, expected {:?}", found.delivered, ledger.delivered));
    }
    same_pending(ledger, found)
}

fn same_pending(ledger: &Ledger, found: &Found) -> Result<(), String> {
    if found.pending.len() != ledger.pending.len() {
        return Err(format!("{} are pending, expected {}", found.pending.len(), ledger.pending.len()));
    }
    let known: Vec<Id> = resolved(ledger, found).into_iter().filter_map(|e| e.id).collect();
    match known.iter().find(|id| !found.pending.contains(id)) {
        Some(id) => Err(format!("{id:?} is no longer pending")),
        None => Ok(()),
    }
}

/// The pending entries with the ids that the log tells of those added without an answer.
fn resolved(ledger: &Ledger, found: &Found) -> Vec<Entry> {
    let ids: HashMap<u64, Option<Id>> = found.entries.iter().map(|e| (e.number, e.id)).collect();
    let learn = |e: &Entry| Entry { number: e.number, id: e.id.or_else(|| ids.get(&e.number).copied().flatten()) };
    ledger.pending.iter().map(learn).collect()
}

/// Learns what only the server knows: ids of additions that were not answered.
pub fn adopt(ledger: &mut Ledger, found: &Found) -> Result<(), String> {
    let ids: Vec<Option<Id>> = found.entries.iter().map(|e| e.id).collect();
    if !ids.is_sorted_by(|a, b| a < b) {
        return Err(format!("ids of {} do not grow", ledger.log()));
    }
    ledger.pending = resolved(ledger, found);
    ledger.entries = found.entries.clone().into();
    ledger.top = ids.last().copied().flatten().unwrap_or_default().max(ledger.top);
    if ledger.made {
        ledger.delivered = found.delivered;
    }
    // Someone who is pending under an id that nobody saw cannot be acknowledged later; the ids are those left over.
    let known: Vec<Id> = ledger.pending.iter().filter_map(|e| e.id).collect();
    let mut left = found.pending.iter().filter(|id| !known.contains(id));
    ledger.pending.iter_mut().filter(|e| e.id.is_none()).for_each(|e| e.id = left.next().copied());
    Ok(())
}

fn brief(numbers: &[u64]) -> String {
    match numbers {
        [] => "none".to_owned(),
        [first, .., last] => format!("{} from {first} to {last}", numbers.len()),
        [one] => format!("1, {one}"),
    }
}
