//! A clock that jumps, for the real program: forward by hours, back behind where it was, also over a restart. The wall clock
//! only; time that is waited for goes on as it did. (`tests/embed/time.rs` moves the clock of a broker in process.)

use super::{call, client, number, start, target, text};
use brooklet_testkit::server::{Data, Dialect};
use brooklet_testkit::{Client, Server, Target, Value};
use std::fs::{File, Permissions};
use std::os::unix::fs::{FileExt, PermissionsExt};
use std::path::PathBuf;
use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};

/// What the program's clock is made to jump with.
const SOURCE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/limits/clock/jump.c");
const HOUR: i64 = 3600;

/// A program that sees a time of its own.
struct Clock {
    folder: tempfile::TempDir,
}

impl Clock {
    /// Needs a C compiler, as the program itself does that is tested here.
    fn new() -> Clock {
        let clock = Clock { folder: tempfile::tempdir().unwrap() };
        let compiler = std::env::var("CC").unwrap_or_else(|_| "cc".to_owned());
        let mut command = Command::new(&compiler);
        command.args(["-shared", "-fPIC", "-O1", "-o"]).arg(clock.path("jump.so")).arg(SOURCE);
        let compiled = command.output().unwrap_or_else(|why| panic!("{compiler}: {why}"));
        assert!(compiled.status.success(), "{}", String::from_utf8_lossy(&compiled.stderr));
        let (library, offset, program) = (clock.path("jump.so"), clock.path("offset"), target());
        let script = format!(
            "#!/bin/sh\nLD_PRELOAD={} JUMP_FILE={} exec {} \"$@\"\n",
            library.display(),
            offset.display(),
            program.program().display()
        );
        clock.set(0);
        std::fs::write(clock.path("brooklet"), script).unwrap();
        std::fs::set_permissions(clock.path("brooklet"), Permissions::from_mode(0o755)).unwrap();
        clock
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn target(&self) -> Target {
        Target::new(self.path("brooklet"), Dialect::Brooklet)
    }

    /// So many seconds from what everybody else sees.
    fn set(&self, seconds: i64) {
        // In place: the program has mapped the file.
        let file = File::options().create(true).truncate(false).write(true).open(self.path("offset")).unwrap();
        file.write_all_at(&seconds.to_ne_bytes(), 0).unwrap();
        // Whoever keeps the time looks ten times a second at least.
        sleep(Duration::from_millis(300));
    }
}

fn add(c: &mut Client) -> (u64, u64) {
    let id = text(c, &["XADD", "s", "*", "f", "v"]);
    let (ms, seq) = id.split_once('-').unwrap();
    (ms.parse().unwrap(), seq.parse().unwrap())
}

/// XREAD that finds nothing ends after its time, whatever the clock does meanwhile.
fn waits_its_time(server: &Server, meanwhile: impl FnOnce()) {
    let mut c = client(server);
    let began = Instant::now();
    c.send(&["XREAD", "BLOCK", "1500", "STREAMS", "nothing", "$"]).unwrap();
    meanwhile();
    let reply = c.read(Duration::from_secs(30)).unwrap();
    let took = began.elapsed();
    assert!(matches!(reply, Value::NullArray), "{reply:?}");
    assert!(took > Duration::from_millis(1400) && took < Duration::from_secs(5), "{took:?}");
}

#[test]
fn a_clock_that_jumps_makes_nothing_go_back() {
    let (folder, clock) = (tempfile::tempdir().unwrap(), Clock::new());
    let mut server = Server::start(&clock.target(), Data::Durable(folder.path().into()), &[]).unwrap();
    let mut c = client(&server);
    let first = add(&mut c);
    call(&mut c, &["XGROUP", "CREATE", "s", "g", "0"]);
    call(&mut c, &["XREADGROUP", "GROUP", "g", "a", "STREAMS", "s", ">"]);
    call(&mut c, &["SET", "key", "v", "PX", "60000"]);
    call(&mut c, &["SET", "lock", "me", "NX", "PX", "60000"]);
    call(&mut c, &["LEASE.ACQUIRE", "lease", "me", "60000"]);
    let lasts = |c: &mut Client| {
        let left = ["lock", "lease"].map(|key| number(c, &["PTTL", key]));
        assert!(left.iter().all(|ms| (30_000..=60_000).contains(ms)), "who holds a lock has his time: {left:?}");
    };

    clock.set(HOUR);
    let ahead = add(&mut c);
    assert!(ahead.0 >= first.0 + 3_590_000, "{ahead:?} an hour after {first:?}");
    assert_eq!(number(&mut c, &["EXISTS", "key"]), 0, "its minute is over");
    lasts(&mut c);
    let idle = call(&mut c, &["XPENDING", "s", "g", "-", "+", "1"]).items()[0].items()[2].number().unwrap();
    assert!(idle >= 3_590_000, "{idle}");
    call(&mut c, &["SET", "key", "v", "PX", "60000"]);

    clock.set(-HOUR);
    let behind = add(&mut c);
    assert_eq!(behind, (ahead.0, ahead.1 + 1), "ids go on from the last one");
    assert!(number(&mut c, &["PTTL", "key"]) > 7_100_000, "deadlines follow the clock");
    lasts(&mut c);
    let idle = call(&mut c, &["XPENDING", "s", "g", "-", "+", "1"]).items()[0].items()[2].number().unwrap();
    assert!(idle >= 0, "{idle}");
    waits_its_time(&server, || clock.set(2 * HOUR));
    waits_its_time(&server, || clock.set(-2 * HOUR));

    server.kill().unwrap();
    server.restart().unwrap();
    let mut c = client(&server);
    assert_eq!(number(&mut c, &["XLEN", "s"]), 3);
    assert_eq!(add(&mut c), (ahead.0, ahead.1 + 2), "also after a restart");
    drop(server);
    // And without anything that lies about the time.
    let server = start(Data::Durable(folder.path().into()), &[]);
    assert_eq!(add(&mut client(&server)), (ahead.0, ahead.1 + 3));
}
