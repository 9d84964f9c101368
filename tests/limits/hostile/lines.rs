//! Line breaks in whatever a client may choose: no answer to them is more than one answer.

use super::grammar::{Word, furnish, verbs};
use super::*;
use brooklet_testkit::client::{PATIENCE, encode};

/// What would be several replies if it were sent as it is.
const BREAKS: &[&[u8]] = &[b"x\r\n-ERR forged\r\n+OK\r\n$-1\r\n", b"\n+OK\n", b"\r", b"\xff\r\n:1\r\n\0"];

/// The calls with such a word in each place, tokens and the verb included.
fn forged(calls: &[Vec<Word>]) -> Vec<Vec<Vec<u8>>> {
    let mut found = Vec::new();
    for call in calls {
        for text in BREAKS {
            for place in 0..call.len() {
                let word = |i: usize| if i == place { text.to_vec() } else { call[i].text.clone() };
                found.push((0..call.len()).map(word).collect());
            }
        }
    }
    found
}

fn has_break(line: &[u8]) -> bool {
    line.iter().any(|byte| matches!(byte, b'\r' | b'\n'))
}

/// No error and no status among the answers has a line break. (The decoder ends a line at its first one, so a line that
/// holds one shows as an answer too many.)
fn is_clean(reply: &Value) -> bool {
    match reply {
        Value::Error(line) | Value::Simple(line) => !has_break(line),
        other => other.items().iter().all(is_clean),
    }
}

#[test]
fn no_word_of_a_client_makes_two_answers_of_one() {
    let server = volatile(&[]);
    let mut admin = client(&server);
    let verbs = verbs(&mut admin);
    for protocol in Protocol::ALL {
        for verb in verbs.iter().filter(|verb| !["hello", "auth"].contains(&verb.name.as_str())) {
            furnish(&mut admin);
            let calls = forged(&verb.calls);
            let mut client = server.connect(protocol).unwrap();
            for part in calls.chunks(100) {
                let mut bytes = Vec::new();
                for (n, words) in part.iter().enumerate() {
                    let call = encode(words);
                    let mark = encode(&["ECHO", &format!("mark {n}")]);
                    let around: &[&[u8]] = if verb.blocks {
                        &[&encode(&["MULTI"]), &call, &encode(&["EXEC"]), &mark]
                    } else {
                        &[&call, &mark]
                    };
                    bytes.extend(around.concat());
                }
                client.send_raw(&bytes).unwrap();
                for (n, words) in part.iter().enumerate() {
                    let shown = || words.iter().map(|word| word.escape_ascii().to_string()).collect::<Vec<_>>();
                    for _ in 0..if verb.blocks { 3 } else { 1 } {
                        let reply = client.read(PATIENCE).unwrap_or_else(|why| panic!("{:?}: {why:?}", shown()));
                        assert!(is_clean(&reply), "{:?}: {reply:?}", shown());
                    }
                    let mark = client.read(PATIENCE).unwrap_or_else(|why| panic!("behind {:?}: {why:?}", shown()));
                    assert_eq!(mark, Value::Bulk(format!("mark {n}").into_bytes()), "behind {:?}", shown());
                }
            }
        }
    }
}

#[test]
fn names_with_line_breaks_stay_on_their_line() {
    let server = volatile(&[]);
    let mut c = client(&server);
    for text in BREAKS.iter().map(|text| String::from_utf8_lossy(text).into_owned()) {
        call(&mut c, &["XADD", &text, "1-1", &text, &text]);
        call(&mut c, &["SET", "string", "v"]);
        for words in [
            &["XGROUP", "CREATE", &text, &text, "0"][..],
            &["XGROUP", "CREATE", &text, &text, "0"],
            &["XREADGROUP", "GROUP", "no such", &text, "STREAMS", &text, ">"],
            &["XREADGROUP", "GROUP", &text, &text, "STREAMS", "no such", ">"],
            &["XINFO", "CONSUMERS", &text, "no such"],
            &["XINFO", &text, &text],
            &["XPENDING", &text, "no such"],
            &["CLIENT", "SETNAME", &text],
            &["CLIENT", "SETINFO", "LIB-NAME", &text],
            &["CLIENT", "KILL", "USER", &text],
            &["ACL", "SETUSER", &text, "on", "nopass"],
            &["ACL", "SETUSER", "bob", &text],
            &["ACL", "SETUSER", "bob", "on", "nopass", &format!("+{text}")],
            &["ACL", "GETUSER", &text],
            &["ACL", "DRYRUN", &text, "GET", "k"],
            &["ACL", "DRYRUN", "default", &text, "k"],
            &["ACL", "CAT", &text],
            &["CONFIG", "SET", &text, &text],
            &["CONFIG", "SET", "maxmemory", &text],
            &["CONFIG", "SET", "notify-keyspace-events", &text],
            &["LPUSH", "string", &text],
            &["OBJECT", &text],
            &["COMMAND", "GETKEYS", &text],
            &["DEBUG", &text],
            &["FCALL", &text, "0"],
            &["FUNCTION", "LOAD", &text],
            &["EVALSHA", &text, "0"],
            &[&text, &text, &text],
        ] {
            let reply = call(&mut c, words);
            assert!(is_clean(&reply), "{words:?}: {reply:?}");
            assert_eq!(text_of(call(&mut c, &["ECHO", "mark"])), "mark", "behind {words:?}");
        }
        // A user whose name could break a line: what is denied to it, and what tells of clients.
        call(&mut c, &["CLIENT", "SETNAME", "plain"]);
        let list = text_of(call(&mut c, &["CLIENT", "LIST"]));
        assert_eq!(list.lines().count(), 1, "{list}");
        let errors = text_of(call(&mut c, &["INFO", "errorstats"]));
        let lines = errors.lines().filter(|line| !line.is_empty());
        assert!(lines.clone().skip(1).all(|line| line.starts_with("errorstat_")), "{errors}");
    }
}

fn text_of(reply: Value) -> String {
    reply.text().unwrap_or_else(|| panic!("{reply:?}"))
}
