//! CONFIG GET and SET against answers recorded from redis-server 8.0.6.

use super::*;

fn set(config: &mut Config, words: &[&str]) -> Result<Vec<&'static str>, String> {
    config.set(words.iter().map(|word| word.as_bytes())).map_err(|e| e.to_string())
}

fn get(config: &Config, patterns: &[&str]) -> Vec<String> {
    let pairs = config.get(patterns.iter().map(|pattern| pattern.as_bytes()));
    pairs.into_iter().map(|(name, value)| format!("{name}={value}")).collect()
}

#[test]
fn get_by_names_and_patterns() {
    let config = Config::default();
    assert_eq!(get(&config, &["PORT"]), ["PORT=6379"]);
    assert_eq!(get(&config, &["port", "p*t", "PORT"]), ["port=6379"]);
    assert_eq!(get(&config, &["Po?t"]), ["port=6379"]);
    assert_eq!(get(&config, &["zz"]), Vec::<String>::new());
    assert_eq!(get(&config, &["lua-*"]), ["lua-time-limit=5000"]);
    assert_eq!(get(&config, &["list-max*"]), ["list-max-listpack-size=-2", "list-max-ziplist-size=-2"]);
    assert_eq!(get(&config, &["maxmemory"]), ["maxmemory=268435456"]);
    assert_eq!(
        get(&config, &["client-output*"]),
        [
            "client-output-buffer-limit=normal 67108864 8388608 60 slave 268435456 67108864 60 pubsub 33554432 8388608 60"
        ]
    );
    let all = config.get([&b"*"[..]]);
    assert!(all.len() > 200, "the reference answers 206 names");
    assert!(!all.iter().any(|(name, _)| name == "accept-data-loss"));
}

#[test]
fn set_says_what_changed() {
    let mut config = Config::default();
    assert_eq!(set(&mut config, &["HZ", "20", "timeout", "0", "maxmemory", "1gb"]), Ok(vec!["hz", "maxmemory"]));
    assert_eq!((config.hz, config.maxmemory), (20, 1 << 30));
    assert_eq!(
        set(&mut config, &["lua-time-limit", "1", "busy-reply-threshold", "2"]),
        Ok(vec!["busy-reply-threshold"])
    );
    assert_eq!(config.busy_reply_threshold_ms, 2);
    assert_eq!(set(&mut config, &["slave-priority", "7"]), Ok(vec!["replica-priority"]));
    assert_eq!(get(&config, &["*-priority"]), ["replica-priority=7", "slave-priority=7"]);
    assert_eq!(set(&mut config, &["appendfsync", "ALWAYS"]), Ok(vec!["appendfsync"]));
    assert_eq!(config.appendfsync, Fsync::Always);
}

#[test]
fn set_is_all_or_nothing() {
    let mut config = Config::default();
    let before = config.clone();
    let failed =
        |name: &str, why: &str| Err(format!("ERR CONFIG SET failed (possibly related to argument '{name}') - {why}"));
    assert_eq!(
        set(&mut config, &["maxmemory", "1gb", "hz", "bad"]),
        failed("hz", "argument couldn't be parsed into an integer")
    );
    assert_eq!(
        set(&mut config, &["save", "1 1", "rdbcompression", "x"]),
        failed("rdbcompression", "argument must be 'yes' or 'no'")
    );
    assert_eq!(config, before);
}

#[test]
fn refusals_in_the_words_and_order_of_the_reference() {
    let mut config = Config::default();
    let immutable = "can't set immutable config";
    let failed =
        |name: &str, why: &str| format!("ERR CONFIG SET failed (possibly related to argument '{name}') - {why}");
    let unknown = |name: &str| format!("ERR Unknown option or number of arguments for CONFIG SET - '{name}'");
    let syntax = || "ERR syntax error".to_owned();
    for (words, error) in [
        (&["NoPe", "1"][..], unknown("NoPe")),
        (&["memory", "yes"], unknown("memory")),
        (&["nope", "1", "port"], syntax()),
        (&["client-output-buffer-limit", "normal", "1", "1", "1"], syntax()),
        (&["maxmemory", "bad", "nope", "x"], unknown("nope")),
        (&["databases", "3", "nope", "x"], failed("databases", immutable)),
        (&["nope", "x", "databases", "3"], unknown("nope")),
        (&["hz", "bad", "databases", "3"], failed("databases", immutable)),
        (&["Databases", "16"], failed("Databases", immutable)),
        (&["dir", "x", "databases", "1"], failed("dir", "can't set protected config")),
        (&["hz", "1", "HZ", "2", "nope", "x"], failed("HZ", "duplicate parameter")),
        (&["databases", "3", "hz", "1", "hz", "2"], failed("databases", immutable)),
        (&["MaxMemory", "bad"], failed("maxmemory", "argument must be a memory value")),
        (&["maxclients", "0"], failed("maxclients", "argument must be between 1 and 4294967295 inclusive")),
        (
            &["proto-max-bulk-len", "1"],
            failed("proto-max-bulk-len", "argument must be between 1048576 and 9223372036854775807 inclusive"),
        ),
        (
            &["notify-keyspace-events", "y"],
            failed("notify-keyspace-events", "Invalid event class character. Use 'Ag$lshzxeKEtmdn'."),
        ),
        (&["appendfsync", ""], failed("appendfsync", "argument(s) must be one of the following: everysec, always, no")),
        (&["port", "7000"], failed("port", immutable)),
    ] {
        assert_eq!(set(&mut config, words), Err(error), "{words:?}");
    }
    assert_eq!(set(&mut config, &["port", "6379", "appendonly", "yes"]), Ok(vec![]), "what it already is");
    let raw = config.set([&b"masterauth"[..], b"\xff"]).map_err(|e| e.to_string());
    assert_eq!(raw, Err(failed("masterauth", "argument must be UTF-8 text")));
}

#[test]
fn budgets_and_loops() {
    let mut config = Config::default();
    set(&mut config, &["maxmemory", "0"]).unwrap();
    assert_eq!(config.memory_budget(), 256 << 20);
    assert_eq!([1, 2, 4, 8, 64].map(|cores| config.event_loops(cores)), [1, 1, 2, 4, 8]);
}

/// `appendonly no` in Redis' own sample file does not ask for data loss: there, snapshots remain.
#[test]
fn only_who_refuses_journal_and_snapshots_is_volatile() {
    for (appendonly, save, memory, volatile) in [
        (true, "", false, false),
        (false, "3600 1", false, false),
        (false, "", false, true),
        (true, "3600 1", true, true),
    ] {
        let config = Config { appendonly, save: save.to_owned(), memory, ..Config::default() };
        assert_eq!(config.is_volatile(), volatile, "{appendonly} {save} {memory}");
    }
}
