//! A steady stream with trimming: how often a byte is written until it is gone.

use super::spoken;
use crate::say;
use crate::subject::{Lab, PAYLOAD, Subject};
use crate::table::{Line, Unit};
use std::io::{Error, Result};

/// What is added, over what stays.
const TURNS: u64 = 20;
/// Calls in one round trip.
const BATCH: u64 = 256;

/// What stays is above what a checkpoint holds (`checkpoint-bytes`), so nearly every entry reaches the backend before it is
/// trimmed: the worst case. Where less stays, more is gone before anything settles.
pub fn measure(lab: &mut Lab) -> Result<Vec<Line>> {
    let keep = lab.entries / TURNS;
    let mut subject = Subject::start(lab, &[])?;
    let mut pipe = subject.pipe()?;
    let (text, before) = (keep.to_string(), subject.usage()?.written);
    let mut letters = fastrand::Rng::with_seed(42);
    let added = lab.entries / BATCH * BATCH;
    for batch in 0..added / BATCH {
        if batch % (added / BATCH / 4).max(1) == 0 {
            say(&format!("{} of {} entries added and trimmed", batch * BATCH, added));
        }
        for _ in 0..BATCH {
            let payload: Vec<u8> = (0..PAYLOAD).map(|_| letters.alphanumeric() as u8).collect();
            pipe.queue(&[b"XADD", b"s", b"MAXLEN", b"~", text.as_bytes(), b"*", b"f", &payload]);
        }
        pipe.exchange(&mut |_| {})?;
    }
    subject.settle()?;
    let len = subject.number(&["XLEN", "s"])?;
    if len > keep + keep / 10 {
        return Err(Error::other(format!("{len} entries stay, {keep} were asked for")));
    }
    let times = (subject.usage()?.written - before) as f64 / (added * PAYLOAD) as f64;
    let space = crate::disk::space(subject.folder()) as f64 / 1e6;
    let what = "written over payload, steady XADD MAXLEN ~";
    let line = Line::bar(what, Unit::Times, 4.0, times);
    let line = line.note(format!("{} added, {} stay", spoken(added), spoken(keep)));
    Ok(vec![line.note(format!("{space:.0} MB on disk at the end"))])
}
