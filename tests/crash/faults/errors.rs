//! Calls that fail for good. The server stops with the exit code that says so, acknowledges nothing after the failure, and has
//! everything acknowledged when it is started again.

use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use brooklet_testkit::server::Data;
use brooklet_testkit::{Server, Target};

use super::Trouble;
use super::probe::{Answer, Probe};
use crate::kill::connect;
use crate::life::STORAGE_FAILED;
use crate::trace::{attach, journal_file};

/// How long the server may take to end after a failure.
const PATIENCE: Duration = Duration::from_secs(10);

/// In `everysec` the append that is under way when a sync fails may still be answered.
const UNDER_WAY: f64 = 0.05;

/// fdatasync of the journal says EIO.
pub fn sync_fails(target: &Target, mode: &str) -> Result<usize, Trouble> {
    let slack = if mode == "always" { 0.0 } else { UNDER_WAY };
    Ok(journal_fails(target, mode, "fdatasync", "sync journal", slack)?)
}

/// A write to the journal says EIO.
pub fn write_fails(target: &Target, mode: &str) -> Result<usize, Trouble> {
    Ok(journal_fails(target, mode, "pwrite64", "write journal", 0.0)?)
}

fn journal_fails(target: &Target, mode: &str, call: &str, told: &str, slack: f64) -> Result<usize, String> {
    let folder = tempfile::tempdir().map_err(|e| e.to_string())?;
    let mut server = start(target, folder.path(), &["--appendfsync", mode])?;
    let mut probes = probes(&server)?;
    let strace = attach(&server, Some(&journal_file(&server)?), call, "error=EIO:when=1+")?;
    until_closed(&mut probes)?;
    ends_with(&mut server, told)?;
    let failed = strace.hit(Duration::from_secs(1))?;
    for probe in &probes {
        probe.none_after(failed + slack)?;
    }
    let hits = strace.hits().len();
    drop(strace);
    has_all(&mut server, &probes)?;
    Ok(hits)
}

/// Nothing can be opened any more: the next journal file is needed, and cannot be had.
pub fn no_descriptors(target: &Target) -> Result<usize, Trouble> {
    let folder = tempfile::tempdir().map_err(|e| e.to_string())?;
    let mut server = start(target, folder.path(), &["--appendfsync", "always", "--journal-segment-bytes", "1mb"])?;
    let mut probes = probes(&server)?;
    let strace = attach(&server, None, "openat", "error=EMFILE:when=1+")?;
    thread::scope(|scope| {
        let write = |probe: &mut Probe| {
            while probe.add(20_000, PATIENCE)? == Answer::Kept {}
            Ok(())
        };
        let writers: Vec<_> = probes.iter_mut().map(|probe| scope.spawn(move || write(probe))).collect();
        writers.into_iter().try_for_each(|writer| writer.join().expect("a writer's thread"))
    })
    .map_err(Trouble::Wrong)?;
    ends_with(&mut server, "Too many open files")?;
    let hits = strace.hits().len();
    drop(strace);
    has_all(&mut server, &probes)?;
    Ok(hits)
}

/// A disk that says yes to a write and forgets it. What was acknowledged is gone then, and that cannot be helped: but it is noticed,
/// and the start refused.
pub fn forgotten_write(target: &Target) -> Result<usize, Trouble> {
    let folder = tempfile::tempdir().map_err(|e| e.to_string())?;
    let mut server = start(target, folder.path(), &["--appendfsync", "always"])?;
    let mut probe = Probe::new(&server, "s")?;
    probe.keeps(20, 0)?;
    // The first 40 bytes of a record; the rest is written.
    let strace = attach(&server, Some(&journal_file(&server)?), "pwrite64", "retval=40:when=3")?;
    probe.keeps(20, 100)?;
    let hits = strace.hits().len();
    drop(strace);
    if hits == 0 {
        return Err("the fault never came to pass".to_owned().into());
    }
    // The watermark follows each sync by 100 ms.
    thread::sleep(Duration::from_millis(400));
    server.kill().map_err(|e| e.to_string())?;
    match server.restart() {
        Err(why) if why.to_string().contains("durable data is missing") => Ok(hits),
        Err(why) => Err(format!("it is refused, but for another reason: {why}").into()),
        Ok(()) => {
            let found = probe.verify(&mut connect(&server)?);
            Err(format!("it serves what is left: {found:?}").into())
        }
    }
}

fn start(target: &Target, folder: &Path, flags: &[&str]) -> Result<Server, String> {
    let flags: Vec<String> = flags.iter().map(|&flag| flag.to_owned()).collect();
    Server::start(target, Data::Durable(folder.to_path_buf()), &flags).map_err(|e| e.to_string())
}

/// Clients that have written something, so that there is a journal file.
fn probes(server: &Server) -> Result<Vec<Probe>, String> {
    let mut probes =
        ["a", "b", "c"].map(|stream| Probe::new(server, stream)).into_iter().collect::<Result<Vec<_>, _>>()?;
    probes.iter_mut().try_for_each(|probe| probe.keeps(20, 100))?;
    Ok(probes)
}

/// Writes until the server has closed all connections.
fn until_closed(probes: &mut [Probe]) -> Result<(), String> {
    let deadline = Instant::now() + PATIENCE;
    thread::scope(|scope| {
        let write = |probe: &mut Probe| loop {
            match probe.add(100, PATIENCE)? {
                Answer::Closed => return Ok(()),
                Answer::Kept if Instant::now() < deadline => {}
                other => return Err(format!("after the fault an addition was answered {other:?}")),
            }
        };
        let writers: Vec<_> = probes.iter_mut().map(|probe| scope.spawn(move || write(probe))).collect();
        writers.into_iter().try_for_each(|writer| writer.join().expect("a writer's thread"))
    })
}

/// The server ends by itself, with its code and a message.
fn ends_with(server: &mut Server, told: &str) -> Result<(), String> {
    let code = server.ended(PATIENCE).map(|status| status.code());
    let output = server.output();
    match code {
        Some(Some(STORAGE_FAILED)) if output.contains(told) => Ok(()),
        Some(Some(STORAGE_FAILED)) => Err(format!("it does not say `{told}`:\n{output}")),
        Some(other) => Err(format!("it ended with {other:?}:\n{output}")),
        None => Err(format!("it goes on:\n{output}")),
    }
}

/// After a restart everything acknowledged is there.
fn has_all(server: &mut Server, probes: &[Probe]) -> Result<(), String> {
    server.restart().map_err(|e| format!("no restart: {e}"))?;
    let mut client = connect(server)?;
    probes.iter().try_for_each(|probe| probe.verify(&mut client))
}
