//! Everything that a server answers over a folder of `fill.rs`: each question with its reply.

use std::collections::BTreeMap;

use brooklet_testkit::{Client, Value};

/// The list whose end may be lost with the end of the journal.
pub const TAIL: &str = "LRANGE tail 0 -1";

/// How the reason begins where a server does not answer at all.
pub const NO_REPLY: &str = "no reply";

/// Questions and replies, or why there is none.
#[derive(Clone, Debug, Default)]
pub struct Dump {
    pub replies: BTreeMap<String, Result<Value, String>>,
}

/// Asks for everything.
///
/// # Errors
/// An error reply, or none.
pub fn dump(client: &mut Client) -> Result<Dump, String> {
    let dump = look(client);
    match dump.replies.iter().find_map(|(question, reply)| Some((question, reply.as_ref().err()?))) {
        Some((question, why)) => Err(format!("{question}: {why}")),
        None => Ok(dump),
    }
}

/// Asks for everything; an error is what was answered to that question. Ends when the server does.
pub fn look(client: &mut Client) -> Dump {
    let mut dump = Dump::default();
    for question in questions() {
        let words: Vec<&str> = question.split(' ').collect();
        let reply = match client.call(&words) {
            Ok(Value::Error(why)) => Err(String::from_utf8_lossy(&why).into_owned()),
            Ok(reply) => Ok(settled(words[0], reply)),
            Err(why) => {
                dump.replies.insert(question, Err(format!("{NO_REPLY}: {why:?}")));
                return dump;
            }
        };
        dump.replies.insert(question, reply);
    }
    dump
}

fn questions() -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for i in 0..50 {
        all.push(format!("GET string{i}"));
    }
    let fixed = [
        "PEXPIRETIME brief",
        "GET brief",
        "GET noted",
        "HGETALL hash",
        "HPEXPIRETIME hash FIELDS 1 7",
        "LRANGE list 0 -1",
        TAIL,
        "SMEMBERS set",
        "SMEMBERS integers",
        "ZRANGE sorted 0 -1 WITHSCORES",
        "ZCARD sorted",
        "KEYS *",
        "DBSIZE",
    ];
    all.extend(fixed.map(str::to_owned));
    for stream in ["orders", "events", "late"] {
        for question in ["XLEN", "XINFO STREAM", "XINFO GROUPS"] {
            all.push(format!("{question} {stream}"));
        }
        all.push(format!("XRANGE {stream} - +"));
        all.push(format!("XREVRANGE {stream} + - COUNT 3"));
    }
    for (stream, round) in ["orders", "events"].iter().flat_map(|stream| (0..4).map(move |round| (stream, round))) {
        all.push(format!("XPENDING {stream} group{round}"));
        all.push(format!("XPENDING {stream} group{round} - + 10000"));
    }
    all.extend(["SELECT 1", "GET elsewhere", "KEYS e*", "SELECT 0"].map(str::to_owned));
    all
}

/// A reply without what changes by itself: the order of what has none, and how long an entry has been idle.
fn settled(verb: &str, reply: Value) -> Value {
    match (verb, reply) {
        ("KEYS" | "SMEMBERS", Value::Array(mut items)) => {
            items.sort_by_key(|item| item.bytes().map(<[u8]>::to_vec));
            Value::Array(items)
        }
        ("XPENDING", Value::Array(rows)) => Value::Array(rows.into_iter().map(without_idle).collect()),
        (_, reply) => reply,
    }
}

/// A row of XPENDING: id, consumer, idle, deliveries. The rows of its summary have two items.
fn without_idle(row: Value) -> Value {
    match row {
        Value::Array(mut items) if items.len() == 4 => {
            items.remove(2);
            Value::Array(items)
        }
        other => other,
    }
}
