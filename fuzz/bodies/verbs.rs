//! Every verb with arguments from the grammar of its own documentation: no panic, no error of several lines, no call
//! without an end; and what the broker holds afterwards is there after each kind of restart.

use super::desk::Desk;
use super::grammar::{self, Choices};
use brooklet::Reply;

/// Calls of one sequence at most.
const CALLS: usize = 40;
/// Databases that the calls use.
const DATABASES: [&str; 6] = ["0", "1", "2", "3", "10", "15"];

pub fn verbs(bytes: &[u8]) {
    let (mut desk, mut choices) = (Desk::new(), Choices(bytes));
    for _ in 0..CALLS {
        if choices.0.is_empty() {
            break;
        }
        match choices.byte() {
            0xff => desk.change_seats(),
            0xfe => desk.pass(1 << (choices.byte() % 40)),
            0xfd => desk.settle(),
            0xfc => desk = desk.reopen(),
            _ => drop(desk.call(&grammar::call(&mut choices))),
        }
    }
    let mut before = contents(&mut desk);
    for kind in ["the journal", "records and no journal", "both"] {
        desk = desk.reopen();
        let after = contents(&mut desk);
        let differing = before.iter().zip(&after).find(|(one, other)| one != other);
        assert!(before == after, "a start from {kind}: {differing:#?}");
        before = after;
        desk.settle();
    }
}

/// All that clients can see of every key.
fn contents(desk: &mut Desk) -> Vec<(String, Reply)> {
    let mut all = Vec::new();
    // A client that nobody has told anything.
    desk.change_seats();
    for db in DATABASES {
        desk.call(&["SELECT", db]);
        let Some(Reply::Array(mut names)) = desk.call(&["KEYS", "*"]) else { panic!("no list of keys") };
        names.push(Reply::bulk(""));
        names.sort_by_key(|name| format!("{name:?}"));
        for name in names {
            let Reply::Bulk(name) = name else { panic!("a name that is none") };
            let Some(Reply::Status(kind)) = desk.call(&[b"TYPE".as_slice(), &name]) else {
                panic!("a key without a type")
            };
            for look in looks(&kind) {
                let words = look.split(' ').map(|word| if word == "KEY" { &name } else { word.as_bytes() });
                let reply = desk.call(&words.collect::<Vec<_>>()).expect("an answer");
                all.push((format!("{db} {} {look}", name.escape_ascii()), seen(reply)));
            }
        }
    }
    let libraries = desk.call(&["FUNCTION", "LIST", "WITHCODE"]).expect("an answer");
    all.push(("libraries".to_owned(), libraries));
    all
}

fn looks(kind: &str) -> &'static [&'static str] {
    match kind {
        "string" => &["GET KEY", "PEXPIRETIME KEY"],
        "stream" => &["XINFO STREAM KEY FULL COUNT 0", "XRANGE KEY - +", "XINFO GROUPS KEY", "PEXPIRETIME KEY"],
        "hash" => &["HGETALL KEY", "HPEXPIRETIME KEY FIELDS 3 x y z", "OBJECT ENCODING KEY", "PEXPIRETIME KEY"],
        "list" => &["LRANGE KEY 0 -1", "OBJECT ENCODING KEY", "PEXPIRETIME KEY"],
        "set" => &["SMEMBERS KEY", "OBJECT ENCODING KEY", "PEXPIRETIME KEY"],
        "zset" => &["ZRANGE KEY 0 -1 WITHSCORES", "OBJECT ENCODING KEY", "PEXPIRETIME KEY"],
        _ => &["TYPE KEY"],
    }
}

/// Without what a restart may forget, and how data lies in memory.
fn seen(reply: Reply) -> Reply {
    const FORGOTTEN: [&[u8]; 8] = [
        b"seen-time",
        b"active-time",
        b"radix-tree-keys",
        b"radix-tree-nodes",
        b"pids-tracked",
        b"iids-tracked",
        b"iids-duplicates",
        b"iids-added",
    ];
    let pairs = |pairs: Vec<(Reply, Reply)>| {
        let kept = pairs.into_iter().filter(|(name, _)| !matches!(name, Reply::Bulk(b) if FORGOTTEN.contains(&&b[..])));
        kept.map(|(name, value)| (name, seen(value))).collect()
    };
    match reply {
        Reply::Array(items) => Reply::Array(items.into_iter().map(seen).collect()),
        Reply::Map(of) => Reply::Map(pairs(of)),
        Reply::Pairs(of) => Reply::Pairs(pairs(of)),
        other => other,
    }
}
