//! A disk that takes its time for each sync. Who was promised durability waits for it; nobody else does.

use std::time::{Duration, Instant};

use brooklet_testkit::server::Data;
use brooklet_testkit::{Server, Target};

use super::Trouble;
use super::probe::Probe;
use crate::kill::connect;
use crate::trace::{Attached, attach, journal_file};

/// What a sync takes.
const SYNC: Duration = Duration::from_millis(300);
/// Nothing but a sync takes as long.
const QUICK: Duration = Duration::from_millis(200);

/// No answer is earlier than a sync that began after it was asked for.
pub fn always(target: &Target) -> Result<usize, Trouble> {
    let folder = tempfile::tempdir().map_err(|e| e.to_string())?;
    let (mut server, mut probe, strace) = slowed(target, folder.path(), "always")?;
    for _ in 0..6 {
        let asked = Instant::now();
        probe.keeps(1, 100)?;
        if asked.elapsed() < SYNC {
            return Err(format!("answered after {:?}, and a sync takes {SYNC:?}", asked.elapsed()).into());
        }
    }
    survives(&mut server, &probe)?;
    Ok(strace.hits().len())
}

/// Answers do not wait for syncs.
pub fn everysec(target: &Target) -> Result<usize, Trouble> {
    let folder = tempfile::tempdir().map_err(|e| e.to_string())?;
    let (mut server, mut probe, strace) = slowed(target, folder.path(), "everysec")?;
    let (began, mut waits) = (Instant::now(), Vec::new());
    while began.elapsed() < Duration::from_millis(2500) {
        let asked = Instant::now();
        probe.keeps(1, 100)?;
        waits.push(asked.elapsed());
    }
    let slow = waits.iter().filter(|wait| **wait > QUICK).count();
    if slow > 1 {
        // Once may be the machine.
        return Err(format!("{slow} of {} answers took longer than {QUICK:?}", waits.len()).into());
    }
    survives(&mut server, &probe)?;
    Ok(strace.hits().len())
}

fn slowed(target: &Target, folder: &std::path::Path, mode: &str) -> Result<(Server, Probe, Attached), String> {
    let flags = ["--appendfsync", mode].map(str::to_owned);
    let server = Server::start(target, Data::Durable(folder.to_path_buf()), &flags).map_err(|e| e.to_string())?;
    let mut probe = Probe::new(&server, "s")?;
    probe.keeps(20, 100)?;
    let how = format!("delay_enter={}", SYNC.as_micros());
    let strace = attach(&server, Some(&journal_file(&server)?), "fdatasync", &how)?;
    Ok((server, probe, strace))
}

fn survives(server: &mut Server, probe: &Probe) -> Result<(), String> {
    server.kill().map_err(|e| e.to_string())?;
    server.restart().map_err(|e| format!("no restart: {e}"))?;
    probe.verify(&mut connect(server)?)
}
