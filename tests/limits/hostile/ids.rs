//! Lists of ids of any length, and ids that name what was deleted, trimmed, added again, or named twice in one call.

use super::*;
use brooklet_testkit::client::{PATIENCE, encode};
use std::io::{Read, Write};
use std::time::Instant;

/// Entries of the stream, all of them pending.
const ENTRIES: usize = 20;

/// A stream `s` with entries 1-0, 2-0 ..., which consumer c of group g has.
fn furnish(client: &mut Client, entries: usize) {
    call(client, &["DEL", "s"]);
    let mut bytes = Vec::new();
    for n in 1..=entries {
        bytes.extend(encode(&["XADD", "s", &format!("{n}-0"), "f", "v"]));
    }
    client.send_raw(&bytes).unwrap();
    for _ in 0..entries {
        client.read(PATIENCE).unwrap();
    }
    call(client, &["XGROUP", "CREATE", "s", "g", "0"]);
    call(client, &["XREADGROUP", "GROUP", "g", "c", "STREAMS", "s", ">"]);
}

fn pending(client: &mut Client) -> i64 {
    call(client, &["XPENDING", "s", "g"]).items()[0].number().unwrap()
}

/// The first line of the answer, once all of it has come: it may have a million items.
fn beginning(server: &Server, words: &[&str]) -> String {
    let mut stream = raw(server);
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    stream.write_all(&[encode(words), encode(&["ECHO", "the end"])].concat()).unwrap();
    let (mut got, mut part) = (Vec::new(), vec![0; 1 << 16]);
    while !got.ends_with(b"\r\nthe end\r\n") {
        let n = stream.read(&mut part).unwrap();
        assert!(n > 0, "closed");
        got.extend_from_slice(&part[..n]);
    }
    String::from_utf8_lossy(&got).lines().next().unwrap_or_default().to_owned()
}

#[test]
fn lists_of_ids_may_have_any_length() {
    let server = volatile(&[]);
    let mut c = client(&server);
    for count in [1usize, 8, 9, 10_000, 1_000_000] {
        let ids: Vec<String> = (1..=count).map(|n| format!("{n}-0")).collect();
        let named = count.min(ENTRIES) as i64;
        let number = count.to_string();
        for (words, left, pending_left, tail) in [
            (&["XACK", "s", "g"][..], 0, named, &[][..]),
            (&["XDEL", "s"], named, 0, &[]),
            (&["XACKDEL", "s", "g", "IDS", &number], named, named, &[]),
            (&["XDELEX", "s", "DELREF", "IDS", &number], named, named, &[]),
            (&["XCLAIM", "s", "g", "other", "0"], 0, 0, &["JUSTID"]),
            (&["XNACK", "s", "g", "FAIL", "IDS", &number], 0, 0, &[]),
        ] {
            furnish(&mut c, ENTRIES);
            let before = resident(&server);
            let list: Vec<&str> =
                words.iter().copied().chain(ids.iter().map(String::as_str)).chain(tail.iter().copied()).collect();
            let began = Instant::now();
            let reply = beginning(&server, &list);
            let what = format!("{words:?} of {count} ids: {reply}");
            assert!(!reply.starts_with('-'), "{what}");
            assert!(began.elapsed() < Duration::from_secs(10), "{what}: {:?}", began.elapsed());
            assert_eq!(super::super::number(&mut c, &["XLEN", "s"]), ENTRIES as i64 - left, "{what}");
            assert_eq!(pending(&mut c), ENTRIES as i64 - pending_left, "{what}");
            // The request itself is a quarter of it.
            let grown = resident(&server).saturating_sub(before);
            assert!(grown < 2 * MOST, "{what}: {grown} bytes");
        }
        nobody_is_disturbed(&server);
    }
}

#[test]
fn a_number_of_ids_that_is_not_true_is_refused() {
    let server = volatile(&[]);
    let mut c = client(&server);
    furnish(&mut c, ENTRIES);
    for number in numbers::EDGES.iter().filter(|edge| **edge != "2") {
        for words in [
            &["XACKDEL", "s", "g", "IDS", number, "1-0", "2-0"][..],
            &["XDELEX", "s", "IDS", number, "1-0", "2-0"],
            &["XNACK", "s", "g", "FAIL", "IDS", number, "1-0", "2-0"],
        ] {
            let reply = call(&mut c, words);
            assert!(is_error(&reply, "ERR "), "{words:?}: {reply:?}");
        }
    }
    assert_eq!((number(&mut c, &["XLEN", "s"]), pending(&mut c)), (ENTRIES as i64, ENTRIES as i64));
}

/// A hundred pending entries of which every second was deleted and the first thirty were trimmed; or all of them, and the
/// last two were added again.
fn furnish_gaps(client: &mut Client, again: bool) {
    furnish(client, 100);
    for n in (2..99).step_by(2) {
        call(client, &["XDEL", "s", &format!("{n}-0")]);
    }
    call(client, &["XTRIM", "s", "MINID", "31-0"]);
    if again {
        call(client, &["XTRIM", "s", "MAXLEN", "0"]);
        assert_eq!(call(client, &["XSETID", "s", "98-0"]), ok());
        for id in ["99-0", "100-0"] {
            assert_eq!(text(client, &["XADD", "s", id, "f", "again"]), id);
        }
    }
    assert_eq!(pending(client), 100);
}

fn ids_of(entries: &Value) -> Vec<String> {
    let id = |entry: &Value| entry.text().or_else(|| entry.items()[0].text());
    entries.items().iter().filter_map(id).collect()
}

/// Goes through all that is pending; the ids that were given, and how many were said to be gone.
fn claim_all(c: &mut Client, count: &str, justid: bool) -> Option<(Vec<String>, usize)> {
    let (mut at, mut claimed, mut gone) = ("0-0".to_owned(), Vec::new(), 0);
    for _ in 0..200 {
        let mut words = vec!["XAUTOCLAIM", "s", "g", "other", "0", &at, "COUNT", count];
        words.extend(justid.then_some("JUSTID"));
        let reply = call(c, &words);
        if is_error(&reply, "ERR COUNT must be > 0") {
            return None;
        }
        let parts = reply.items();
        assert_eq!(parts.len(), 3, "{words:?}: {reply:?}");
        claimed.extend(ids_of(&parts[1]));
        gone += parts[2].items().len();
        at = parts[0].text().unwrap();
        if at == "0-0" {
            return Some((claimed, gone));
        }
    }
    panic!("COUNT {count}: never at an end");
}

#[test]
fn claims_over_gaps_give_what_is_there_and_forget_the_rest() {
    let server = volatile(&[]);
    let mut c = client(&server);
    for (again, justid) in [(false, false), (false, true), (true, false), (true, true)] {
        furnish_gaps(&mut c, again);
        let alive = ids_of(&call(&mut c, &["XRANGE", "s", "-", "+"]));
        assert_eq!(alive.len(), if again { 2 } else { 36 });
        let mut refused = 0;
        for count in ["1", "7", "99", "100", "101", "4611686018427387904", "922337203685477580", "9223372036854775807"]
        {
            furnish_gaps(&mut c, again);
            let Some(got) = claim_all(&mut c, count, justid) else {
                refused += 1;
                continue;
            };
            assert_eq!(got, (alive.clone(), 100 - alive.len()), "COUNT {count}, JUSTID {justid}");
            assert_eq!(pending(&mut c), alive.len() as i64);
        }
        assert!(refused <= 3, "{refused} counts were refused");
        // By name: who is gone leaves the list and is not answered.
        furnish_gaps(&mut c, again);
        let ids: Vec<String> = (1..=100).map(|n| format!("{n}-0")).collect();
        let words = ["XCLAIM", "s", "g", "other", "0"].into_iter().chain(ids.iter().map(String::as_str));
        assert_eq!(ids_of(&call(&mut c, &words.collect::<Vec<_>>())), alive);
        assert_eq!(pending(&mut c), alive.len() as i64);
    }
    nobody_is_disturbed(&server);
}

#[test]
fn one_call_may_name_the_same_thing_twice() {
    let server = volatile(&[]);
    let mut c = client(&server);
    let one = Value::Integer(1);
    for (words, expected) in [
        (&["XACK", "s", "g", "1-0", "1-0"][..], Some(one.clone())),
        (&["XDEL", "s", "1-0", "1-0"], Some(one.clone())),
        (&["XACKDEL", "s", "g", "IDS", "2", "1-0", "1-0"], Some(Value::Array(vec![one.clone(), Value::Integer(-1)]))),
        (&["XDELEX", "s", "IDS", "2", "1-0", "1-0"], Some(Value::Array(vec![one.clone(), Value::Integer(-1)]))),
        (&["XNACK", "s", "g", "FAIL", "IDS", "2", "1-0", "1-0"], None),
        (&["XCLAIM", "s", "g", "other", "0", "1-0", "1-0", "JUSTID"], None),
        (&["XREAD", "STREAMS", "s", "s", "0", "0"], None),
        (&["XREADGROUP", "GROUP", "g", "c", "STREAMS", "s", "s", "0", "0"], None),
        (&["XREADGROUP", "GROUP", "g", "c", "BLOCK", "1", "STREAMS", "s", "s", ">", ">"], None),
        (&["DEL", "s", "s"], Some(one.clone())),
        (&["UNLINK", "s", "s"], Some(one.clone())),
        (&["EXISTS", "s", "s"], Some(Value::Integer(2))),
        (&["TOUCH", "s", "s"], Some(Value::Integer(2))),
        (&["RENAME", "s", "s"], Some(ok())),
        (&["RENAMENX", "s", "s"], Some(Value::Integer(0))),
        (&["COPY", "s", "s"], None),
        (&["MSET", "k", "1", "k", "2"], Some(ok())),
        (&["MGET", "k", "k"], None),
        (&["BLPOP", "l", "l", "0.001"], Some(Value::NullArray)),
        (&["LMOVE", "l", "l", "LEFT", "RIGHT"], Some(Value::NullBulk)),
        (&["SMOVE", "set", "set", "1"], None),
        (&["SUNIONSTORE", "set", "set", "set"], None),
        (&["ZUNIONSTORE", "z", "2", "z", "z"], None),
        (&["BITOP", "AND", "k", "k", "k"], None),
        (&["LCS", "k", "k"], None),
        (&["PFCOUNT", "k", "k"], None),
        (&["WATCH", "s", "s"], Some(ok())),
        (&["SWAPDB", "0", "0"], Some(ok())),
        (&["CLIENT", "TRACKING", "ON", "BCAST", "PREFIX", "a", "PREFIX", "a"], None),
        (&["CONFIG", "SET", "hz", "10", "hz", "10"], None),
        (&["ACL", "DELUSER", "nobody", "nobody"], Some(Value::Integer(0))),
    ] {
        furnish(&mut c, ENTRIES);
        let got = call(&mut c, words);
        assert!(expected.as_ref().is_none_or(|wanted| *wanted == got), "{words:?}: {got:?}");
        // The same in a transaction.
        furnish(&mut c, ENTRIES);
        call(&mut c, &["UNWATCH"]);
        call(&mut c, &["MULTI"]);
        call(&mut c, words);
        call(&mut c, words);
        call(&mut c, &["EXEC"]);
        assert_eq!(call(&mut c, &["PING"]), Value::Simple(b"PONG".to_vec()), "{words:?}");
    }
    nobody_is_disturbed(&server);
}
