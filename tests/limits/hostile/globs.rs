//! Patterns that take a naive matcher for ever, wherever a client may give one.

use super::*;
use std::time::Instant;

/// The bombs: of a megabyte, and as long as is taken.
fn bombs() -> Vec<Vec<u8>> {
    let cut = |unit: &[u8], bytes: usize, end: &[u8]| {
        [
            &unit.repeat(bytes / unit.len())
                [..bytes / unit.len() * unit.len() - end.len().next_multiple_of(unit.len())],
            end,
        ]
        .concat()
    };
    let mut bombs = Vec::new();
    for bytes in [1 << 20, 1024] {
        for unit in [&b"*a"[..], b"a*", b"*", b"*?", b"[a-z]*", b"*[^b]", b"?"] {
            bombs.push(cut(unit, bytes, b"b"));
        }
        bombs.push([b"*", &b"a".repeat(bytes - 2)[..], b"b"].concat());
        bombs.push([b"*", &b"[ab]".repeat(bytes / 4 - 1)[..], b"c"].concat());
        bombs.push(b"[".repeat(bytes));
        bombs.push(b"\\".repeat(bytes));
        bombs.push(b"[^".repeat(bytes / 2));
        bombs.push(b"[a-".repeat(bytes / 3));
    }
    bombs
}

/// What they are tried on: one long name, and many.
fn furnish(client: &mut Client, longest: usize) {
    let long = "a".repeat(longest);
    for words in
        [&["SET", &long, "v"][..], &["HSET", "h", &long, "v"], &["SADD", "s", &long], &["ZADD", "z", "1", &long]]
    {
        assert!(!call(client, words).is_error());
    }
    for i in 0..1000 {
        call(client, &["SET", &format!("{}{i}", "a".repeat(200)), "v"]);
    }
}

/// The words as a failure shows them.
fn shown(words: &[&[u8]]) -> String {
    let one = |word: &&[u8]| format!("{} ({} bytes)", word[..12.min(word.len())].escape_ascii(), word.len());
    words.iter().map(one).collect::<Vec<_>>().join(" ")
}

fn promptly(client: &mut Client, words: &[&[u8]]) -> Value {
    let began = Instant::now();
    let reply = client.call(words).unwrap_or_else(|why| panic!("{}: {why:?}", shown(words)));
    assert!(began.elapsed() < PROMPT, "{} took {:?}", shown(words), began.elapsed());
    reply
}

#[test]
fn no_pattern_takes_long() {
    let server = volatile(&[]);
    let mut client = client(&server);
    furnish(&mut client, 500_000);
    let before = resident(&server);
    for bomb in bombs() {
        for words in [
            &[&b"KEYS"[..]][..],
            &[b"SCAN", b"0", b"COUNT", b"10000", b"MATCH"],
            &[b"HSCAN", b"h", b"0", b"MATCH"],
            &[b"SSCAN", b"s", b"0", b"MATCH"],
            &[b"ZSCAN", b"z", b"0", b"MATCH"],
            &[b"CONFIG", b"GET"],
            &[b"PUBSUB", b"CHANNELS"],
            &[b"COMMAND", b"LIST", b"FILTERBY", b"PATTERN"],
            &[b"FUNCTION", b"LIST", b"LIBRARYNAME"],
            &[b"SORT", b"s", b"BY"],
            &[b"SORT", b"s", b"BY", b"nosort", b"GET"],
        ] {
            promptly(&mut client, &[words, &[&bomb]].concat());
        }
        nobody_is_disturbed(&server);
    }
    costs_little(&server, before, "patterns");
}

#[test]
fn no_pattern_of_a_listener_or_of_a_rule_takes_long() {
    let server = volatile(&[]);
    let mut admin = client(&server);
    let name = b"a".repeat(500_000);
    for bomb in bombs() {
        let mut listener = server.connect(Protocol::Resp3).unwrap();
        promptly(&mut listener, &[b"PSUBSCRIBE", &bomb]);
        promptly(&mut admin, &[b"PUBLISH", &name, b"x"]);
        let (keys, channels) = ([b"~", &bomb[..]].concat(), [b"&", &bomb[..]].concat());
        promptly(&mut admin, &[b"ACL", b"SETUSER", b"bob", b"reset", b"on", b"nopass", b"+@all", &keys]);
        promptly(&mut admin, &[b"ACL", b"SETUSER", b"bob", &channels]);
        let mut bob = client(&server);
        if call(&mut bob, &["AUTH", "bob", "x"]) == ok() {
            promptly(&mut bob, &[b"GET", &name]);
            promptly(&mut bob, &[b"PUBLISH", &name, b"x"]);
            promptly(&mut bob, &[b"PSUBSCRIBE", &bomb]);
        }
        drop((listener, bob));
        promptly(&mut admin, &[b"ACL", b"DELUSER", b"bob"]);
        nobody_is_disturbed(&server);
    }
}
