//! The long stream: its memory, its disk space, what was written for it, how soon it is there again, how fast it is read.

use super::{megabytes, spoken};
use crate::subject::{Lab, PAYLOAD, STREAM, Subject};
use crate::table::{Line, Unit, number};
use crate::wire::is_id;
use crate::{disk, say};
use std::io::{Error, Result};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// Entries of one XRANGE.
const PAGE: &[u8] = b"1000";

/// The long stream, filled and settled, and what was seen on the way.
pub struct Long {
    pub subject: Subject,
    /// Resident before it settled, and the most that ever was.
    resident: u64,
    peak: u64,
    /// Bytes written per entry, until it was settled.
    written: f64,
    /// Disk space per entry.
    space: f64,
}

/// Whether a row measures the long stream.
pub fn shares(row: &str) -> bool {
    ["memory", "written", "disk", "cost", "start", "scan"].contains(&row)
}

/// The long stream; made when it is asked for the first time.
pub fn long(lab: &mut Lab) -> Result<&mut Long> {
    if lab.long.is_none() {
        lab.long = Some(fill(lab)?);
    }
    lab.long.as_mut().ok_or_else(|| Error::other("there is no long stream"))
}

fn fill(lab: &Lab) -> Result<Long> {
    let mut subject = Subject::start(lab, &[])?;
    let before = subject.usage()?.written;
    subject.load(lab.entries, "random")?;
    let loaded = subject.calm()?;
    subject.settle()?;
    let entries = subject.len()? as f64;
    let written = (subject.usage()?.written - before) as f64 / entries;
    let space = disk::space(subject.folder()) as f64 / entries;
    Ok(Long { subject, resident: loaded.resident, peak: loaded.peak, written, space })
}

pub fn memory(lab: &mut Lab) -> Result<Vec<Line>> {
    let entries = lab.entries;
    let long = long(lab)?;
    // The worse of what remains after the load and what remains once all is settled.
    let resident = long.resident.max(long.subject.calm()?.resident);
    let what = format!("resident memory, one stream of {} entries", spoken(entries));
    let each = resident as f64 / entries as f64;
    let line = Line::bar(what, Unit::Megabytes, 200.0, megabytes(resident));
    let line = line.note(format!("{each:.0} bytes an entry")).note(format!("peak {:.0} MB", megabytes(long.peak)));
    Ok(vec![match long.subject.refused {
        0 => line,
        n => line.note(format!("{n} XADD at full speed were refused with OOM")),
    }])
}

pub fn written(lab: &mut Lab) -> Result<Vec<Line>> {
    let entries = lab.entries;
    let written = long(lab)?.written;
    let what = format!("written in all per entry of 100 bytes, {} by XADD", spoken(entries));
    Ok(vec![Line::bar(what, Unit::Bytes, 280.0, written).note("`write_bytes` until settled")])
}

pub fn disk(lab: &mut Lab) -> Result<Vec<Line>> {
    let random = long(lab)?.space;
    let mut events = Subject::start(lab, &[])?;
    events.load(lab.entries, "json")?;
    events.settle()?;
    let like_json = disk::space(events.folder()) as f64 / events.len()? as f64;
    let line = |what: &str, bar, each| Line::bar(format!("disk per entry, settled, {what}"), Unit::Bytes, bar, each);
    Ok(vec![line("random letters", 125.0, random), line("JSON-like text", 60.0, like_json)])
}

pub fn start(lab: &mut Lab) -> Result<Vec<Line>> {
    let entries = lab.entries;
    let subject = &mut long(lab)?.subject;
    // Something that no checkpoint holds, so that there is a journal to replay.
    subject.load(entries / 40, "random")?;
    let len = subject.len()?;
    // INFO's figure may be a moment old.
    sleep(Duration::from_millis(300));
    let journal = megabytes(subject.info("aof_current_size")?);
    subject.kill()?;
    let killed = subject.restart(&["XLEN", STREAM], len)?;
    subject.terminate()?;
    let ended = subject.restart(&["XLEN", STREAM], len)?;
    let line = |how: &str, took| {
        Line::bar(format!("start to XLEN, {} entries, after {how}", spoken(entries)), Unit::Seconds, 0.5, took)
    };
    Ok(vec![line("kill -9", killed).note(format!("{journal:.0} MB in the journal")), line("SIGTERM", ended)])
}

pub fn scan(lab: &mut Lab) -> Result<Vec<Line>> {
    let subject = &mut long(lab)?.subject;
    let len = subject.len()?;
    subject.kill()?;
    subject.make_cold()?;
    subject.restart(&["XLEN", STREAM], len)?;
    say("reading the whole stream");
    let mut pipe = subject.pipe()?;
    let (mut from, mut last, mut read) = (b"-".to_vec(), Vec::new(), 0u64);
    let began = Instant::now();
    loop {
        let before = read;
        pipe.call(&[b"XRANGE", STREAM.as_bytes(), &from, b"+", b"COUNT", PAGE], &mut |text| {
            if is_id(text) {
                read += 1;
                last.clear();
                last.extend_from_slice(text);
            }
        })?;
        if read == before {
            break;
        }
        from = [b"(".as_slice(), &last].concat();
    }
    let took = began.elapsed().as_secs_f64();
    if read != len {
        return Err(Error::other(format!("XRANGE found {read} entries of {len}")));
    }
    let speed = (read * PAYLOAD) as f64 / 1e6 / took;
    let line =
        Line::stated("XRANGE of 1000 entries, the whole stream, cold from disk", Unit::MegabytesPerSecond, speed);
    Ok(vec![line.note(format!("payload; {} in {}", spoken(read), number(took, Unit::Seconds)))])
}
