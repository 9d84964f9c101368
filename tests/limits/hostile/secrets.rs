//! Passwords: where they went in, and where they must not come out again.

use super::*;
use brooklet_testkit::client::PATIENCE;

/// Every secret of this test has this in it.
const MARK: &str = "OpenSesame";

/// All ways to say a password, right or wrong, in and out of transactions.
fn say_all(client: &mut Client, config: bool) {
    let said = |word: &str| format!("{MARK}-{word}");
    for words in [
        &["AUTH", &said("wrong")][..],
        &["auTh", "default", &said("wrong")],
        &["AUTH", "nobody", &said("wrong")],
        &["AUTH", "a", "b", &said("too many")],
        &["HELLO", "2", "AUTH", "default", &said("wrong")],
        &["HELLO", "2", "SETNAME", "me", "auth", "default", &said("right")],
        &["HELLO", "9", "AUTH", "default", &said("no such protocol")],
        &["ACL", "SETUSER", "bob", "on", &format!(">{}", said("bob")), &format!("<{}", said("gone")), "+@all"],
        &["ACL", "SETUSER", "bob", &format!(">{}", said("second")), "nonsense"],
        &["CONFIG", "SET", "masterauth", &said("master")],
        &["CONFIG", "SET", "tls-key-file-pass", &said("key"), "hz", "nonsense"],
        &["MIGRATE", "h", "1", "k", "0", "1", "AUTH2", "u", &said("migrate")],
        &["MULTI"],
        &["AUTH", "default", &said("wrong")],
        &["ACL", "SETUSER", "eve", &format!(">{}", said("eve"))],
        &["EXEC"],
        &["ACL", "SETUSER", "bob", "nopass"],
        &["PING"],
    ] {
        client.call(words).unwrap();
    }
    if config {
        assert_eq!(call(client, &["CONFIG", "REWRITE"]), ok());
    }
}

/// Fails if a text has a secret in it, quoted or not.
fn is_silent(place: &str, text: &str) {
    let line = text.lines().find(|line| line.contains(MARK));
    assert!(line.is_none(), "{place} tells a password: {line:?}");
}

fn all_text(reply: &Value) -> String {
    match reply {
        Value::Array(items) | Value::Set(items) | Value::Push(items) => {
            items.iter().map(all_text).collect::<Vec<_>>().join("\n")
        }
        Value::Map(pairs) => {
            pairs.iter().map(|(k, v)| format!("{} {}", all_text(k), all_text(v))).collect::<Vec<_>>().join("\n")
        }
        other => other.text().unwrap_or_default(),
    }
}

#[test]
fn no_password_comes_out_where_others_look() {
    let folder = tempfile::tempdir().unwrap();
    let (file, log) = (folder.path().join("brooklet.conf"), folder.path().join("log"));
    std::fs::write(&file, format!("requirepass {MARK}-right\nslowlog-log-slower-than 0\nslowlog-max-len 1000\n"))
        .unwrap();
    let flags =
        [file.to_str().unwrap(), "--memory", "--port", "0", "--loglevel", "debug", "--logfile", log.to_str().unwrap()];
    let server = Careless::start(folder.path(), &flags);
    let right = format!("{MARK}-right");
    let log_in = || {
        let mut client = server.connect();
        assert_eq!(call(&mut client, &["AUTH", &right]), ok());
        client
    };
    let mut monitor = log_in();
    assert_eq!(call(&mut monitor, &["MONITOR"]), ok());
    let mut talker = log_in();
    say_all(&mut talker, true);
    let mut inline = log_in();
    inline.send_raw(format!("AUTH {MARK}-inline\r\nAUTH default \"{MARK}-quoted\"\r\n").as_bytes()).unwrap();
    inline.read(PATIENCE).unwrap();
    inline.read(PATIENCE).unwrap();
    let mut stranger = server.connect();
    say_all(&mut stranger, false);

    let mut looker = log_in();
    for words in [
        &["SLOWLOG", "GET", "-1"][..],
        &["CLIENT", "LIST"],
        &["INFO", "everything"],
        &["ACL", "LOG"],
        &["ACL", "LIST"],
        &["ACL", "GETUSER", "bob"],
        &["LATENCY", "DOCTOR"],
        &["MEMORY", "DOCTOR"],
        &["COMMAND", "DOCS"],
    ] {
        let reply = call(&mut looker, words);
        assert!(!reply.is_error(), "{reply:?}");
        is_silent(&words.join(" "), &all_text(&reply));
    }
    assert!(
        all_text(&call(&mut looker, &["SLOWLOG", "GET", "-1"])).contains("(redacted)"),
        "the slow log was looked at"
    );
    call(&mut looker, &["ECHO", "the end"]);
    let mut seen = String::new();
    while !seen.contains("the end") {
        seen += &all_text(&monitor.read(PATIENCE).unwrap());
        seen.push('\n');
    }
    assert!(seen.contains("(redacted)"), "the monitor was looking: {seen}");
    is_silent("MONITOR", &seen);
    let logged = std::fs::read_to_string(&log).unwrap();
    assert!(logged.contains("Ready to accept connections"), "{logged}");
    is_silent("the log", &logged);
    // The file of options has what is an option, as the reference's has; of users it has hashes.
    let rewritten = std::fs::read_to_string(&file).unwrap();
    assert!(rewritten.contains("user bob") && rewritten.contains(&right), "{rewritten}");
    let users: String = rewritten.lines().filter(|line| line.starts_with("user ")).collect();
    is_silent("CONFIG REWRITE", &users);
}
