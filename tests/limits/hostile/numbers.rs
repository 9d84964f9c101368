//! Counts, lengths, times and indices at every edge, in every place of every verb; wrong numbers of keys; waits that would
//! last longer than the world.

use super::grammar::{Verb, Word, furnish, verbs};
use super::*;
use brooklet_testkit::client::{NoReply, PATIENCE, encode};
use std::time::Instant;

/// Numbers at the edges of what numbers are, and what only looks like one.
pub const EDGES: &[&str] = &[
    "0",
    "-1",
    "2147483647",
    "2147483648",
    "2147483649",
    "-2147483648",
    "4294967296",
    "4611686018427387904",
    "9223372036854775807",
    "-9223372036854775808",
    "9223372036854775808",
    "18446744073709551616",
    "",
    " 1",
    "1 ",
    "+1",
    "01",
    "1e3",
    "1e400",
    "nan",
    "-inf",
    "1\0",
];

/// The call with `edge` in each of its places for values, and as each of its keys.
fn spoilt(call: &[Word], edge: &str) -> Vec<Vec<Vec<u8>>> {
    let places = (0..call.len()).filter(|i| call[*i].is_value || call[*i].is_key);
    let with = |place: usize| {
        let word = |i: usize| if i == place { edge.as_bytes().to_vec() } else { call[i].text.clone() };
        (0..call.len()).map(word).collect()
    };
    places.map(with).collect()
}

/// Sends all calls at once and reads an answer for each; none may be long in coming.
fn ask_all(server: &Server, verb: &Verb, calls: &[Vec<Vec<u8>>]) {
    let mut client = client(server);
    for part in calls.chunks(200) {
        let mut bytes = Vec::new();
        for words in part {
            if verb.blocks {
                bytes.extend([encode(&["MULTI"]), encode(words), encode(&["EXEC"])].concat());
            } else {
                bytes.extend(encode(words));
            }
        }
        client.send_raw(&bytes).unwrap();
        let answers = part.len() * if verb.blocks { 3 } else { 1 };
        for n in 0..answers {
            let began = Instant::now();
            if let Err(why) = client.read(PATIENCE) {
                let words = &part[n * part.len() / answers];
                let shown: Vec<_> = words.iter().map(|word| String::from_utf8_lossy(word)).collect();
                panic!("{} answer {n}: {why:?}, at about {shown:?}", verb.name);
            }
            assert!(began.elapsed() < PROMPT, "{}: an answer took {:?}", verb.name, began.elapsed());
        }
    }
}

#[test]
fn every_number_of_every_verb_may_be_at_an_edge() {
    // What a client may ask for by its index, a bit or a byte beyond the end, is bounded by this option.
    let server = volatile(&["--proto-max-bulk-len", "1mb"]);
    let mut other = client(&server);
    let verbs = verbs(&mut other);
    furnish(&mut other);
    let before = resident(&server);
    let mut asked = 0;
    for verb in &verbs {
        furnish(&mut other);
        let calls: Vec<_> =
            verb.calls.iter().flat_map(|call| EDGES.iter().flat_map(|edge| spoilt(call, edge))).collect();
        ask_all(&server, verb, &calls);
        asked += calls.len();
        costs_little(&server, before, &verb.name);
    }
    println!("{asked} calls of {} verbs", verbs.len());
    nobody_is_disturbed(&server);
}

#[test]
fn keys_are_found_in_every_call_however_wrong_its_numbers() {
    let server = volatile(&[]);
    let mut other = client(&server);
    for verb in &verbs(&mut other) {
        let spelled = verb.calls.iter().flat_map(|call| EDGES.iter().flat_map(|edge| spoilt(call, edge)));
        for subcommand in ["GETKEYS", "GETKEYSANDFLAGS"] {
            let calls: Vec<_> = spelled
                .clone()
                .map(|words| [vec![b"COMMAND".to_vec(), subcommand.as_bytes().to_vec()], words].concat())
                .collect();
            ask_all(&server, &Verb { name: verb.name.clone(), blocks: false, calls: Vec::new() }, &calls);
        }
    }
    nobody_is_disturbed(&server);
}

#[test]
fn a_wait_may_have_any_length() {
    let server = volatile(&[]);
    let mut other = client(&server);
    call(&mut other, &["XGROUP", "CREATE", "s", "g", "$", "MKSTREAM"]);
    let mut waiting = Vec::new();
    for edge in EDGES {
        for words in [
            &["BLPOP", "l", edge][..],
            &["BLMOVE", "l", "m", "LEFT", "LEFT", edge],
            &["BLMPOP", edge, "1", "l", "LEFT"],
            &["BZPOPMIN", "z", edge],
            &["XREAD", "BLOCK", edge, "STREAMS", "s", "$"],
            &["XREADGROUP", "GROUP", "g", "c", "BLOCK", edge, "STREAMS", "s", ">"],
            &["WAIT", "1", edge],
        ] {
            let mut one = client(&server);
            one.send(words).unwrap();
            waiting.push((words.join(" "), one));
        }
    }
    nobody_is_disturbed(&server);
    // Whoever waits still is ended by the next thing that happens to it; the rest was answered long ago.
    until("the waits", || info(&mut other, "blocked_clients") >= 20);
    let ids: Vec<String> = text(&mut other, &["CLIENT", "LIST"])
        .lines()
        .filter(|line| line.contains(" flags=b "))
        .filter_map(|line| Some(line.strip_prefix("id=")?.split(' ').next()?.to_owned()))
        .collect();
    for id in &ids {
        number(&mut other, &["CLIENT", "UNBLOCK", id]);
    }
    for (words, mut one) in waiting {
        let answer = one.read(PATIENCE);
        assert!(!matches!(answer, Err(NoReply::Silence | NoReply::Malformed(_))), "{words}: {answer:?}");
    }
    assert_eq!(info(&mut other, "blocked_clients"), 0);
}

#[test]
fn a_pause_of_any_length_can_be_ended() {
    let server = volatile(&[]);
    let mut admin = client(&server);
    for edge in EDGES {
        for mode in ["ALL", "WRITE"] {
            call(&mut admin, &["CLIENT", "PAUSE", edge, mode]);
            assert_eq!(call(&mut admin, &["CLIENT", "UNPAUSE"]), ok(), "{edge:?} {mode}");
            assert_eq!(call(&mut admin, &["SET", "k", "v"]), ok(), "{edge:?} {mode}");
        }
    }
}

#[test]
fn options_may_be_set_to_any_edge() {
    let server = volatile(&["--enable-debug-command", "yes"]);
    let mut admin = client(&server);
    let before = resident(&server);
    let names: Vec<String> =
        call(&mut admin, &["CONFIG", "GET", "*"]).items().iter().step_by(2).filter_map(Value::text).collect();
    for name in names.iter().filter(|name| !["requirepass", "maxclients", "timeout"].contains(&name.as_str())) {
        let old = call(&mut admin, &["CONFIG", "GET", name]).items()[1].text().unwrap();
        for edge in EDGES {
            call(&mut admin, &["CONFIG", "SET", name, edge]);
            assert_eq!(call(&mut admin, &["PING"]), Value::Simple(b"PONG".to_vec()), "{name} {edge:?}");
        }
        call(&mut admin, &["CONFIG", "SET", name, &old]);
    }
    for edge in EDGES {
        for subcommand in ["OBJECT", "SET-ACTIVE-EXPIRE", "STRINGMATCH-LEN", "CHANGE-REPL-ID", "JMAP", "PROTOCOL"] {
            call(&mut admin, &["DEBUG", subcommand, edge]);
        }
    }
    costs_little(&server, before, "options at their edges");
    nobody_is_disturbed(&server);
}
