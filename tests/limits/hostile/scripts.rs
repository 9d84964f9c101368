//! Scripts: whose rights they have, and what crafted libraries do.

use super::*;

/// Refused for want of rights; SORT says it in words of its own, and so does a script.
fn is_denied(reply: &Value) -> bool {
    let Value::Error(line) = reply else { return false };
    let line = String::from_utf8_lossy(line);
    ["NOPERM ", "ERR ACL failure in script", "insufficient ACL permissions"].iter().any(|part| line.contains(part))
}

#[test]
fn a_script_may_do_what_its_caller_may_on_the_keys_it_really_touches() {
    let server = volatile(&[]);
    let mut admin = client(&server);
    call(&mut admin, &["SET", "other", "v"]);
    call(&mut admin, &["RPUSH", "other:list", "v"]);
    call(&mut admin, &["XADD", "other:stream", "1-1", "f", "v"]);
    assert_eq!(call(&mut admin, &["ACL", "SETUSER", "bob", "on", ">p", "~k:*", "+@all", "-get", "-@admin"]), ok());
    call(
        &mut admin,
        &[
            "FUNCTION",
            "LOAD",
            "#!lua name=l\nredis.register_function('f', function(k, a) return redis.call(unpack(a)) end)",
        ],
    );
    let mut bob = client(&server);
    assert_eq!(call(&mut bob, &["AUTH", "bob", "p"]), ok());
    let through = "return redis.call(unpack(ARGV))";
    for words in [
        &["SET", "other", "x"][..],
        &["GET", "k:1"],
        &["MGET", "k:1", "other"],
        &["COPY", "other", "k:1"],
        &["RENAME", "other", "k:1"],
        &["LMOVE", "other:list", "k:list", "LEFT", "LEFT"],
        &["XREAD", "STREAMS", "k:stream", "other:stream", "0", "0"],
        &["SORT", "k:list", "STORE", "other"],
        &["SORT", "k:list", "BY", "other*"],
        &["ZUNIONSTORE", "k:z", "2", "k:z", "other"],
        &["PUBLISH", "channel", "x"],
    ] {
        let plain = call(&mut bob, words);
        assert!(is_denied(&plain), "{words:?}: {plain:?}");
        // The key it declares is its own.
        for outer in [&["EVAL", through, "1", "k:mine"][..], &["FCALL", "f", "1", "k:mine"]] {
            let reply = call(&mut bob, &[outer, words].concat());
            assert!(reply.is_error(), "{outer:?} {words:?}: {reply:?}");
            let caught = "local r = redis.pcall(unpack(ARGV)) return r.err";
            let why = text(&mut bob, &[&["EVAL", caught, "1", "k:mine"], words].concat());
            assert!(is_denied(&Value::Error(why.clone().into_bytes())), "{words:?}: {why}");
        }
    }
    assert_eq!(text(&mut admin, &["GET", "other"]), "v");
    assert_eq!(number(&mut admin, &["LLEN", "other:list"]), 1);
}

#[test]
fn damaged_libraries_are_refused() {
    let server = volatile(&[]);
    let mut c = client(&server);
    call(&mut c, &["FUNCTION", "LOAD", "#!lua name=l\nredis.register_function('f', function() return 1 end)"]);
    let Value::Bulk(dump) = call(&mut c, &["FUNCTION", "DUMP"]) else { panic!("no dump") };
    let mut refused = 0;
    for at in 0..dump.len() {
        for broken in [dump[..at].to_vec(), [&dump[..at], &[dump[at] ^ 0xff], &dump[at + 1..]].concat()] {
            let reply = c.call(&[b"FUNCTION".as_slice(), b"RESTORE", &broken, b"REPLACE"]).unwrap();
            refused += usize::from(reply.is_error());
        }
    }
    assert_eq!(refused, 2 * dump.len());
    assert_eq!(call(&mut c, &["FCALL", "f", "0"]), Value::Integer(1));
    // The texts of errors are lines.
    for script in [
        "return redis.error_reply('a\\r\\n+OK\\r\\nb')",
        "error('a\\r\\n+OK')",
        "return {ok = 'a\\r\\n+OK'}",
        "a\r\n+OK\r\n",
    ] {
        call(&mut c, &["EVAL", script, "0"]);
        assert_eq!(text(&mut c, &["ECHO", "mark"]), "mark", "{script}");
    }
}
