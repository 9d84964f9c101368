//! Disks without room: nothing is lost, reads stay up where they can, and when there is room again writes go on without a restart.

use std::fs::File;
use std::io::{ErrorKind, Write};
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

use brooklet_testkit::server::Data;
use brooklet_testkit::{Client, Server, Target};

use super::Trouble;
use super::probe::{Answer, Probe};
use crate::kill::connect;
use crate::trace::{attach, journal_file};
use crate::volume::Volume;

const REFUSED: &str = "MISCONF Errors writing to the AOF file: No space left on device";
/// How long writes may go on to be refused when there is room again. (The server looks once a second.)
const HEALED: Duration = Duration::from_secs(3);
const PATIENCE: Duration = Duration::from_secs(10);
const VOLUME_BYTES: u64 = 256 << 20;

/// What was executed already finds no room: its answer, and all that could show it, waits until there is.
pub fn no_room_for_a_write(target: &Target) -> Result<usize, Trouble> {
    let folder = tempfile::tempdir().map_err(|e| e.to_string())?;
    let mut server = start(target, folder.path(), "16mb")?;
    let (mut first, mut second) = (Probe::new(&server, "a")?, Probe::new(&server, "b")?);
    first.keeps(20, 100)?;
    second.keeps(20, 100)?;
    let strace = attach(&server, Some(&journal_file(&server)?), "pwrite64", "error=ENOSPC:when=1+")?;
    for probe in [&mut first, &mut second] {
        match probe.add(100, Duration::from_millis(400))? {
            Answer::Silence => {}
            other => return Err(format!("without room an addition was answered {other:?}").into()),
        }
    }
    let hits = strace.hits().len();
    drop(strace);
    if first.late(PATIENCE)? != Answer::Kept {
        return Err("what waited for room was not acknowledged when there was some".to_owned().into());
    }
    match second.late(PATIENCE)? {
        Answer::Kept => {}
        Answer::Refused(why) if why == REFUSED => {}
        other => return Err(format!("what came later was answered {other:?}").into()),
    }
    heals(&mut second)?;
    first.keeps(20, 100)?;
    server.kill().map_err(|e| e.to_string())?;
    server.restart().map_err(|e| format!("no restart: {e}"))?;
    let mut client = connect(&server)?;
    first.verify(&mut client).and_then(|()| second.verify(&mut client))?;
    Ok(hits)
}

/// A disk that is full, has room again, and is full again while the server starts.
/// `segment`: the size of a journal file. A small one is full before anybody but the writer has looked.
pub fn full_disk(target: &Target, segment: &str) -> Result<usize, Trouble> {
    let mut volume = Volume::make(VOLUME_BYTES).map_err(Trouble::NotRun)?;
    let data = volume.folder().join("data");
    let mut server = start(target, &data, segment)?;
    let mut probe = Probe::new(&server, "s")?;
    probe.keeps(50, 1000)?;
    let filler = volume.folder().join("filler");
    let mut refused = 0;
    for _ in 0..2 {
        fill(&filler).map_err(|e| format!("the filler: {e}"))?;
        refused += until_refused(&mut probe)?;
        reads_stay_up(&mut connect(&server)?)?;
        free(&filler)?;
        heals(&mut probe)?;
        probe.keeps(20, 1000)?;
    }
    fill(&filler).map_err(|e| format!("the filler: {e}"))?;
    refused += until_refused(&mut probe)?;
    server.kill().map_err(|e| e.to_string())?;
    // A start on a full disk may be refused, but it has to say why, and to lose nothing.
    if let Err(why) = server.restart() {
        let why = why.to_string();
        if !why.contains("No space left on device") || !why.contains("exit status: 1") {
            return Err(format!("a start on a full disk: {why}").into());
        }
        free(&filler)?;
        server.restart().map_err(|e| format!("no restart: {e}"))?;
    }
    probe.verify(&mut connect(&server)?)?;
    server.kill().map_err(|e| e.to_string())?;
    drop(server);
    volume.recover()?;
    Ok(refused)
}

fn start(target: &Target, folder: &Path, segment: &str) -> Result<Server, String> {
    // No checkpoint comes by itself: one that finds no room waits, and that is another case.
    let sizes = ["--maxmemory", "2gb", "--checkpoint-bytes", "256mb", "--journal-segment-bytes", segment];
    let flags: Vec<_> = ["--appendfsync", "everysec"].into_iter().chain(sizes).map(str::to_owned).collect();
    Server::start(target, Data::Durable(folder.to_path_buf()), &flags).map_err(|e| e.to_string())
}

/// Takes all room that is left.
fn fill(path: &Path) -> std::io::Result<()> {
    let mut file = File::options().create(true).append(true).open(path)?;
    for size in [1 << 20, 64 << 10, 4 << 10] {
        let block = vec![7; size];
        loop {
            match file.write_all(&block).and_then(|()| file.sync_data()) {
                Ok(()) => {}
                Err(full) if full.kind() == ErrorKind::StorageFull => break,
                Err(other) => return Err(other),
            }
        }
    }
    Ok(())
}

fn free(path: &Path) -> Result<(), String> {
    std::fs::remove_file(path).map_err(|e| format!("the filler: {e}"))
}

/// Writes until that is refused: the room that was set aside is used up first.
fn until_refused(probe: &mut Probe) -> Result<usize, String> {
    for _ in 0..10_000 {
        match probe.add(10_000, PATIENCE)? {
            Answer::Kept => {}
            Answer::Refused(why) if why == REFUSED => return Ok(1),
            other => return Err(format!("on a full disk an addition was answered {other:?}")),
        }
    }
    Err("the disk is full, and nothing is refused".to_owned())
}

/// The same data is readable, and the state is told.
fn reads_stay_up(client: &mut Client) -> Result<(), String> {
    for words in [&["XLEN", "s"][..], &["XRANGE", "s", "-", "+", "COUNT", "10"], &["GET", "nothing"], &["INFO"]] {
        let reply = client.call(words).map_err(|why| format!("{words:?} on a full disk: {why:?}"))?;
        if reply.is_error() {
            return Err(format!("{words:?} on a full disk: {reply:?}"));
        }
        if words == ["INFO"] && !reply.text().is_some_and(|page| page.contains("aof_last_write_status:err")) {
            return Err("INFO says nothing of the full disk".to_owned());
        }
    }
    Ok(())
}

/// Writes are accepted again soon.
fn heals(probe: &mut Probe) -> Result<(), String> {
    let deadline = Instant::now() + HEALED;
    loop {
        match probe.add(100, PATIENCE)? {
            Answer::Kept => return Ok(()),
            Answer::Refused(why) if why == REFUSED && Instant::now() < deadline => sleep(Duration::from_millis(20)),
            other => return Err(format!("there is room again, and an addition was answered {other:?}")),
        }
    }
}
