//! Users in a file of their own, and in the configuration: they are there after a restart.

use super::{call, target};
use brooklet_testkit::{Client, Protocol, Value};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A broker in `folder` with these arguments, and a client of it.
fn start(folder: &Path, args: &[&str]) -> (Child, Client) {
    let ready = folder.join("ready");
    let _ = std::fs::remove_file(&ready);
    let mut command = Command::new(target().program());
    command.args(args).args(["--memory", "--port", "0", "--ready-file"]).arg(&ready);
    command.env_remove("BROOKLET_UNDER_TEST").env_remove("BROOKLET_REFERENCE");
    let child = command.stdin(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let began = Instant::now();
    while !ready.exists() {
        assert!(began.elapsed() < Duration::from_secs(10), "never ready");
        std::thread::sleep(Duration::from_millis(1));
    }
    let address = std::fs::read_to_string(&ready).unwrap().trim().parse().unwrap();
    (child, Client::connect(address, Protocol::Resp3).unwrap())
}

fn end(mut child: Child) {
    let _ = child.kill();
    let _ = child.wait();
}

fn is_ok(reply: &Value) -> bool {
    *reply == Value::Simple(b"OK".to_vec())
}

fn is_error(reply: &Value, part: &str) -> bool {
    matches!(reply, Value::Error(line) if String::from_utf8_lossy(line).contains(part))
}

#[test]
fn saved_users_are_there_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("users.acl");
    std::fs::write(&file, "user default on nopass ~* &* +@all\nuser gone on nopass\n").unwrap();
    let flags = ["--aclfile", file.to_str().unwrap()];
    let (child, mut c) = start(folder.path(), &flags);
    assert!(is_ok(&call(&mut c, &["ACL", "SETUSER", "bob", "on", ">secret", "~b*", "(%R~c +get)", "+@write"])));
    assert_eq!(call(&mut c, &["ACL", "DELUSER", "gone"]), Value::Integer(1));
    let before = call(&mut c, &["ACL", "LIST"]);
    assert!(is_ok(&call(&mut c, &["ACL", "SAVE"])));
    end(child);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2, "the file and the ready file");

    let (child, mut c) = start(folder.path(), &flags);
    assert_eq!(call(&mut c, &["ACL", "LIST"]), before);
    assert!(is_ok(&call(&mut c, &["AUTH", "bob", "secret"])));
    assert!(is_ok(&call(&mut c, &["SET", "b1", "x"])));
    assert!(is_error(&call(&mut c, &["SET", "c", "x"]), "NOPERM No permissions to access a key"));
    end(child);
}

#[test]
fn a_file_with_mistakes_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("users.acl");
    std::fs::write(&file, "user bob on >secret +@all\n").unwrap();
    let (child, mut c) = start(folder.path(), &["--aclfile", file.to_str().unwrap()]);
    let before = call(&mut c, &["ACL", "LIST"]);
    std::fs::write(&file, "user bob off\nuser x +nope\nuser y (~a\nfoo\n").unwrap();
    let said = call(&mut c, &["ACL", "LOAD"]);
    let path = file.display();
    let expected = format!(
        "ERR {path}:2: Error in applying operation '+nope': Unknown command or category name in ACL. {path}:3: Unmatched \
         parenthesis in selector definition.{path}:4 should start with user keyword followed by the username. WARNING: ACL \
         errors detected, no change to the previously active ACL rules was performed"
    );
    assert_eq!(said, Value::Error(expected.into_bytes()));
    assert_eq!(call(&mut c, &["ACL", "LIST"]), before);
    std::fs::write(&file, "user eve on nopass\n").unwrap();
    assert!(is_ok(&call(&mut c, &["ACL", "LOAD"])));
    assert!(is_error(&call(&mut c, &["AUTH", "bob", "secret"]), "WRONGPASS"));
    assert!(is_ok(&call(&mut c, &["AUTH", "eve", "x"])));
    end(child);
}

#[test]
fn rewriting_keeps_users() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("brooklet.conf");
    std::fs::write(&file, "hz 10\nuser bob on nopass ~x\n").unwrap();
    let flags = [file.to_str().unwrap()];
    let (child, mut c) = start(folder.path(), &flags);
    assert!(is_ok(&call(&mut c, &["ACL", "SETUSER", "eve", "on", ">p", "~e#", "+get"])));
    assert!(is_ok(&call(&mut c, &["CONFIG", "REWRITE"])));
    let before = call(&mut c, &["ACL", "LIST"]);
    end(child);
    let (child, mut c) = start(folder.path(), &flags);
    assert_eq!(call(&mut c, &["ACL", "LIST"]), before);
    end(child);
}

#[test]
fn nobody_waits_for_a_stranger_who_does_not_read() {
    use std::io::{Read, Write};
    let folder = tempfile::tempdir().unwrap();
    let ready = folder.path().join("ready");
    let (child, _) = start(folder.path(), &["--requirepass", "secret"]);
    let mut stranger = std::net::TcpStream::connect(std::fs::read_to_string(ready).unwrap().trim()).unwrap();
    stranger.set_write_timeout(Some(Duration::from_secs(20))).unwrap();
    let flood = b"*1\r\n$4\r\nPING\r\n".repeat(10_000);
    let began = Instant::now();
    // Its replies fill both sockets' buffers first.
    while stranger.write_all(&flood).is_ok() {
        assert!(began.elapsed() < Duration::from_secs(60), "it may send for ever");
    }
    let _ = stranger.read(&mut [0; 16]);
    end(child);
}
