//! Clients that wait while their rights, their user or they themselves go: whoever is woken is asked again, and what came
//! for one that is gone is there for the next.

use super::*;
use brooklet_testkit::client::{NoReply, PATIENCE};

/// A way to wait, what serves it, and how many things are there afterwards if nobody took them.
struct Wait {
    call: &'static [&'static str],
    serve: &'static [&'static str],
    left: &'static [&'static str],
    expected: i64,
}

const WAITS: &[Wait] = &[
    Wait { call: &["BLPOP", "k:list", "0"], serve: &["RPUSH", "k:list", "1"], left: &["LLEN", "k:list"], expected: 1 },
    Wait {
        call: &["BLMOVE", "k:list", "k:other", "LEFT", "LEFT", "0"],
        serve: &["RPUSH", "k:list", "1"],
        left: &["LLEN", "k:list"],
        expected: 1,
    },
    Wait {
        call: &["BZPOPMIN", "k:zset", "0"],
        serve: &["ZADD", "k:zset", "1", "m"],
        left: &["ZCARD", "k:zset"],
        expected: 1,
    },
    Wait {
        call: &["XREADGROUP", "GROUP", "g", "c", "BLOCK", "0", "STREAMS", "k:stream", ">"],
        serve: &["XADD", "k:stream", "*", "f", "v"],
        left: &["XLEN", "k:stream"],
        expected: 1,
    },
    Wait {
        call: &["XREAD", "BLOCK", "0", "STREAMS", "k:stream", "$"],
        serve: &["XADD", "k:stream", "*", "f", "v"],
        left: &["XLEN", "k:stream"],
        expected: 1,
    },
];

fn furnish(admin: &mut Client) {
    call(admin, &["FLUSHALL"]);
    call(admin, &["XGROUP", "CREATE", "k:stream", "g", "$", "MKSTREAM"]);
    assert_eq!(call(admin, &["ACL", "SETUSER", "bob", "reset", "on", ">secret", "~k:*", "+@all"]), ok());
}

/// Bob, who waits.
fn waiting(server: &Server, admin: &mut Client, wait: &Wait) -> (Client, String) {
    let mut bob = client(server);
    assert_eq!(call(&mut bob, &["AUTH", "bob", "secret"]), ok());
    let id = number(&mut bob, &["CLIENT", "ID"]).to_string();
    bob.send(wait.call).unwrap();
    until("the wait", || info(admin, "blocked_clients") == 1);
    (bob, id)
}

/// Nothing was taken and nothing given away; the next one who waits gets it.
fn untouched(server: &Server, admin: &mut Client, wait: &Wait, why: &str) {
    until("the end of the wait", || info(admin, "blocked_clients") == 0);
    let what = format!("{:?}, {why}", wait.call);
    assert_eq!(number(admin, wait.left), wait.expected, "{what}");
    assert_eq!(call(admin, &["XPENDING", "k:stream", "g"]).items()[0], Value::Integer(0), "{what}");
    let mut next = client(server);
    next.send(wait.call).unwrap();
    if wait.call[0] != "XREAD" {
        let served = next.read(PATIENCE).unwrap_or_else(|why| panic!("{what}: the next one gets {why:?}"));
        assert!(!served.is_error(), "{what}: {served:?}");
    }
}

#[test]
fn who_may_not_any_more_is_told_so_and_gets_nothing() {
    let server = volatile(&[]);
    let mut admin = client(&server);
    for wait in WAITS {
        for rule in ["resetkeys", "-@all", "-@blocking", "%R~k:*"] {
            furnish(&mut admin);
            let (mut bob, _) = waiting(&server, &mut admin, wait);
            let rules: &[&str] = if rule.starts_with('%') { &["resetkeys", rule] } else { &[rule] };
            call(&mut admin, &[&["ACL", "SETUSER", "bob"], rules].concat());
            assert!(
                matches!(bob.read(Duration::from_millis(20)), Err(NoReply::Silence)),
                "nothing has happened to it yet"
            );
            call(&mut admin, wait.serve);
            let reply = bob.read(PATIENCE).unwrap();
            // Reading in a group takes the right to read, as with the reference.
            let may = rule.starts_with('%') && wait.call[0].starts_with("XREAD");
            assert_eq!(!is_error(&reply, "NOPERM "), may, "{:?} after {rule}: {reply:?}", wait.call);
            if !may {
                untouched(&server, &mut admin, wait, rule);
            }
        }
    }
}

#[test]
fn who_is_gone_gets_nothing() {
    let server = volatile(&[]);
    let mut admin = client(&server);
    for wait in WAITS {
        // Also in one transaction with what would have served it.
        for (why, together) in [
            ("deleted", false),
            ("deleted", true),
            ("killed", false),
            ("killed", true),
            ("gone", false),
            ("timed out", false),
        ] {
            furnish(&mut admin);
            let (mut bob, id) = waiting(&server, &mut admin, wait);
            if together {
                call(&mut admin, &["MULTI"]);
            }
            match why {
                "deleted" => drop(call(&mut admin, &["ACL", "DELUSER", "bob"])),
                "killed" => drop(call(&mut admin, &["CLIENT", "KILL", "ID", &id])),
                "timed out" => assert_eq!(number(&mut admin, &["CLIENT", "UNBLOCK", &id, "TIMEOUT"]), 1),
                _ => {
                    drop(bob);
                    bob = client(&server);
                    until("its end", || info(&mut admin, "blocked_clients") == 0);
                }
            }
            call(&mut admin, wait.serve);
            if together {
                let all = call(&mut admin, &["EXEC"]);
                assert_eq!(all.items().len(), 2, "{all:?}");
            }
            let patience = if why == "gone" { Duration::from_millis(20) } else { PATIENCE };
            match (why, bob.read(patience)) {
                ("deleted" | "killed", Err(NoReply::Closed)) | ("gone", Err(NoReply::Silence)) => {}
                ("timed out", Ok(reply)) if reply.is_null() => {}
                (_, reply) => panic!("{:?}, {why}: {reply:?}", wait.call),
            }
            untouched(&server, &mut admin, wait, why);
        }
    }
}

/// Users that come, change and go under load: nobody does what it may not, nobody is stuck.
#[test]
fn users_may_change_while_they_work() {
    let server = volatile(&[]);
    let mut admin = client(&server);
    call(&mut admin, &["SET", "secret", "v"]);
    let rounds = std::sync::atomic::AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for n in 0..4 {
            let (server, rounds) = (&server, &rounds);
            scope.spawn(move || {
                while rounds.load(std::sync::atomic::Ordering::Acquire) < 200 {
                    let mut bob = client(server);
                    if bob.call(&["AUTH", "bob", "p"]).is_err() {
                        continue;
                    }
                    let key = if n % 2 == 0 { "k" } else { "m" };
                    let calls: [&[&str]; 5] = [
                        &["SET", key, "v"],
                        &["GET", "secret"],
                        &["XADD", "k:s", "*", "f", "v"],
                        &["BLPOP", "k:none", "0.001"],
                        &["ACL", "WHOAMI"],
                    ];
                    for words in calls {
                        match bob.call(words) {
                            // It was bob, or nobody: never the default user, who may read this.
                            Ok(Value::Bulk(value)) if words[0] == "GET" => {
                                let me = bob.call(&["ACL", "WHOAMI"]);
                                panic!("{me:?} read {:?}", String::from_utf8_lossy(&value));
                            }
                            Ok(_) => {}
                            Err(NoReply::Closed) => break,
                            Err(why) => panic!("{words:?}: {why:?}"),
                        }
                    }
                }
            });
        }
        call(&mut admin, &["ACL", "SETUSER", "default", "resetkeys", "~admin"]);
        for round in 0..200 {
            call(&mut admin, &["ACL", "SETUSER", "bob", "reset", "on", ">p", "~k*", "+@all"]);
            call(&mut admin, &["ACL", "SETUSER", "bob", "~m*", "-set"]);
            if round % 3 == 0 {
                call(&mut admin, &["ACL", "DELUSER", "bob"]);
            }
            rounds.store(round + 1, std::sync::atomic::Ordering::Release);
        }
    });
    call(&mut admin, &["ACL", "SETUSER", "default", "allkeys"]);
    nobody_is_disturbed(&server);
}
