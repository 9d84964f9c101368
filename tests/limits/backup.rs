//! Backups of a running server: what they hold, that damage is found, that a kill leaves none that is half.

use super::{call, client, info, number, start, target, text, until};
use brooklet_testkit::server::Data;
use brooklet_testkit::{Server, Value};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

fn backup(arguments: &[&str]) -> Output {
    let mut command = Command::new(target().program());
    command.arg("backup").args(arguments).env("REDISCLI_AUTH", "secret");
    command.output().unwrap()
}

/// What it printed, if it went well.
fn done(arguments: &[&str]) -> String {
    let output = backup(arguments);
    assert!(output.status.success(), "{arguments:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
}

fn create(server: &Server) -> String {
    done(&["create", "--port", &server.address().port().to_string()])
}

fn durable(folder: &Path, flags: &[&str]) -> Server {
    start(Data::Durable(folder.into()), &[&["--requirepass", "secret"], flags].concat())
}

fn at(folder: &Path, name: &str) -> String {
    folder.join("backups").join(name).to_string_lossy().into_owned()
}

/// The backups that have a name of their own.
fn named(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder.join("backups")) else { return Vec::new() };
    entries.flatten().map(|e| e.path()).filter(|path| path.extension().is_none()).collect()
}

#[test]
fn a_backup_is_restored_as_it_was() {
    let room = tempfile::tempdir().unwrap();
    let (data, again) = (room.path().join("data"), room.path().join("again"));
    let server = durable(&data, &[]);
    let mut c = client(&server);
    call(&mut c, &["AUTH", "secret"]);
    for n in 0..500 {
        call(&mut c, &["XADD", "s", &format!("{}-1", n + 1), "f", "v"]);
    }
    call(&mut c, &["XGROUP", "CREATE", "s", "g", "0"]);
    call(&mut c, &["XREADGROUP", "GROUP", "g", "c", "COUNT", "10", "STREAMS", "s", ">"]);
    call(&mut c, &["SET", "k", "v", "EX", "1000"]);
    call(&mut c, &["HSET", "h", "f", "v"]);
    let name = create(&server);
    let seen = |c: &mut brooklet_testkit::Client| {
        let keys = [&["XLEN", "s"][..], &["XPENDING", "s", "g"], &["GET", "k"], &["HGETALL", "h"], &["DBSIZE"]];
        keys.map(|words| call(c, words))
    };
    let before = seen(&mut c);
    call(&mut c, &["FLUSHALL"]);
    assert!(done(&["list", &data.to_string_lossy()]).contains(&name));
    assert!(done(&["verify", &at(&data, &name)]).contains("is whole"));
    done(&["restore", &at(&data, &name), "--to", &again.to_string_lossy()]);
    let refused = backup(&["restore", &at(&data, &name), "--to", &again.to_string_lossy()]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("the folder is not empty"), "{refused:?}");
    let other = durable(&again, &[]);
    let mut c = client(&other);
    call(&mut c, &["AUTH", "secret"]);
    assert_eq!(seen(&mut c), before);
    // It goes on from there, and is not lost again.
    call(&mut c, &["SET", "new", "1"]);
    drop(other);
    let other = durable(&again, &[]);
    let mut c = client(&other);
    call(&mut c, &["AUTH", "secret"]);
    assert_eq!((text(&mut c, &["GET", "new"]), number(&mut c, &["XLEN", "s"])), ("1".into(), 500));
}

#[test]
fn a_backup_under_load_holds_a_prefix_and_all_that_was_acknowledged_before_it() {
    let room = tempfile::tempdir().unwrap();
    let (data, again) = (room.path().join("data"), room.path().join("again"));
    let server = durable(&data, &[]);
    let (acknowledged, stop) = (AtomicU64::new(0), AtomicBool::new(false));
    let (least, name) = std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut c = client(&server);
            call(&mut c, &["AUTH", "secret"]);
            for n in 1..u64::MAX {
                if stop.load(Ordering::Relaxed) {
                    break;
                }
                call(&mut c, &["XADD", "s", &format!("{n}-0"), "f", "v"]);
                acknowledged.store(n, Ordering::Release);
            }
        });
        until("load", || acknowledged.load(Ordering::Acquire) > 2000);
        let least = acknowledged.load(Ordering::Acquire);
        let name = create(&server);
        std::thread::sleep(Duration::from_millis(100));
        stop.store(true, Ordering::Relaxed);
        (least, name)
    });
    done(&["restore", &at(&data, &name), "--to", &again.to_string_lossy()]);
    let other = durable(&again, &[]);
    let mut c = client(&other);
    call(&mut c, &["AUTH", "secret"]);
    let kept = number(&mut c, &["XLEN", "s"]) as u64;
    let most = acknowledged.load(Ordering::Acquire);
    assert!(kept >= least && kept < most, "{kept} of {least} to {most}");
    let last = call(&mut c, &["XREVRANGE", "s", "+", "-", "COUNT", "1"]);
    assert_eq!(last.items()[0].items()[0].text(), Some(format!("{kept}-0")), "the first ones, without a gap");
}

#[test]
fn damage_is_found_and_named() {
    let room = tempfile::tempdir().unwrap();
    let server = durable(room.path(), &[]);
    let mut c = client(&server);
    call(&mut c, &["AUTH", "secret"]);
    call(&mut c, &["SET", "k", "v"]);
    let path = at(room.path(), &create(&server));
    // Not the server's own file, of which this is a link.
    let file = Path::new(&path).join("backend/CURRENT");
    std::fs::remove_file(&file).unwrap();
    std::fs::write(&file, "MANIFEST-999999\n").unwrap();
    let output = backup(&["verify", &path]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("backend/CURRENT: ") && said.contains("is damaged"), "{said}");
    let into = room.path().join("into");
    assert_eq!(backup(&["restore", &path, "--to", &into.to_string_lossy()]).status.code(), Some(2));
    let opened = Command::new(target().program()).args(["--port", "0", "--dir", &into.to_string_lossy()]).output();
    assert!(!opened.unwrap().status.success(), "half a restore must not be served");
}

#[test]
fn the_newest_are_kept_and_with_none_to_keep_none_is_made() {
    let room = tempfile::tempdir().unwrap();
    let server = durable(room.path(), &["--backup-keep", "2"]);
    let mut c = client(&server);
    call(&mut c, &["AUTH", "secret"]);
    let mut names = Vec::new();
    for n in 0..4 {
        call(&mut c, &["SET", "k", &n.to_string()]);
        names.push(create(&server));
    }
    let mut left: Vec<_> =
        named(room.path()).iter().map(|p| p.file_name().unwrap().to_string_lossy().into_owned()).collect();
    left.sort();
    assert_eq!(left, names[2..]);
    call(&mut c, &["CONFIG", "SET", "backup-keep", "0"]);
    call(&mut c, &["SET", "k", "last"]);
    assert_eq!(call(&mut c, &["SAVE"]), Value::Simple(b"OK".to_vec()));
    assert_eq!(named(room.path()).len(), 2, "nothing is made, and nothing removed");
}

#[test]
fn a_kill_leaves_no_half_backup() {
    let room = tempfile::tempdir().unwrap();
    let mut server = durable(room.path(), &["--backup-keep", "3"]);
    let mut random = fastrand::Rng::with_seed(11);
    let mut unfinished = 0;
    for round in 0..12 {
        let mut c = client(&server);
        call(&mut c, &["AUTH", "secret"]);
        for n in 0..50 {
            call(&mut c, &["SET", &format!("{round}:{n}"), &"x".repeat(20_000)]);
        }
        let began = info(&mut c, "rdb_saves");
        call(&mut c, &["BGSAVE"]);
        std::thread::sleep(Duration::from_micros(random.u64(0..60_000)));
        unfinished += u32::from(info(&mut c, "rdb_bgsave_in_progress") == 1 || info(&mut c, "rdb_saves") == began);
        server.kill().unwrap();
        for path in named(room.path()) {
            assert!(done(&["verify", &path.to_string_lossy()]).contains("is whole"));
        }
        server.restart().unwrap();
    }
    assert!(unfinished > 0, "no kill came before the end of a backup");
    // What is left of the others goes with the next one.
    create(&server);
    let entries = std::fs::read_dir(room.path().join("backups")).unwrap().count();
    assert_eq!(entries, named(room.path()).len());
}
