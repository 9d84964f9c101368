//! What an entry costs while it is delivered and not acknowledged.

use super::{megabytes, spoken};
use crate::subject::{Lab, STREAM, Subject};
use crate::table::{Line, Unit};
use crate::wire::is_id;
use std::io::{Error, Result};

/// Entries that are pending.
const ENTRIES: u64 = 1_000_000;
/// Their payload. Small, or what reading a stream leaves in memory and gives up again would hide what is looked for.
const PAYLOAD: u64 = 1;

pub fn measure(lab: &mut Lab) -> Result<Vec<Line>> {
    let entries = ENTRIES.min(lab.entries);
    let mut subject = Subject::start(lab, &[])?;
    subject.load_of(entries, "random", PAYLOAD)?;
    let entries = subject.len()?;
    // First a group that keeps nothing: whatever reading the stream leaves in memory is there before and after.
    subject.call(&["XGROUP", "CREATE", STREAM, "warm", "0"])?;
    deliver(&subject, "warm", true, entries)?;
    subject.settle()?;
    let before = subject.calm()?.resident;
    subject.call(&["XGROUP", "CREATE", STREAM, "g", "0"])?;
    deliver(&subject, "g", false, entries)?;
    let after = subject.calm()?.resident;
    subject.settle()?;
    // The worse of what it costs before and after a checkpoint has taken it over.
    let settled = subject.calm()?.resident;
    let each = |now: u64| now.saturating_sub(before) as f64 / entries as f64;
    let what = format!("resident per pending entry, {} in one group", spoken(entries));
    let line = Line::bar(what, Unit::Bytes, 64.0, each(after.max(settled)));
    let line = line.note(format!("{:.0} as delivered, {:.0} settled", each(after), each(settled)));
    Ok(vec![line.note(format!("over {:.0} MB", megabytes(before)))])
}

/// Delivers the whole stream to one consumer of a group.
fn deliver(subject: &Subject, group: &str, is_forgotten: bool, entries: u64) -> Result<()> {
    let mut pipe = subject.pipe()?;
    let mut call: Vec<&[u8]> = vec![b"XREADGROUP", b"GROUP", group.as_bytes(), b"c", b"COUNT", b"1000"];
    if is_forgotten {
        call.push(b"NOACK");
    }
    call.extend([b"STREAMS".as_slice(), STREAM.as_bytes(), b">"]);
    let mut delivered = 0;
    loop {
        let before = delivered;
        pipe.call(&call, &mut |text| delivered += u64::from(is_id(text)))?;
        if delivered == before {
            break;
        }
    }
    match delivered == entries {
        true => Ok(()),
        false => Err(Error::other(format!("{delivered} of {entries} entries were delivered"))),
    }
}
