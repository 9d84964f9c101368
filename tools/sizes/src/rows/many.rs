//! Many of a thing: streams, groups of one stream, connections. All have to fit in the memory budget.

use super::{megabytes, spoken};
use crate::process::open_many_files;
use crate::say;
use crate::subject::{Lab, Subject};
use crate::table::{Line, Unit, number};
use std::io::{Error, Read, Result, Write};
use std::net::TcpStream;
use std::time::Instant;

/// The default of `maxmemory`, in millions of bytes.
const BUDGET: f64 = 268.435456;
const BATCH: usize = 256;
const GROUPS: usize = 10_000;
const CONNECTIONS: usize = 10_000;

pub fn measure(lab: &mut Lab) -> Result<Vec<Line>> {
    let mut lines = Vec::new();
    for (name, row) in
        [("many streams", streams as fn(&Lab) -> Result<Line>), ("groups", groups), ("connections", connections)]
    {
        say(name);
        lines.push(row(lab).unwrap_or_else(|why| Line::failed(name, why.to_string())));
    }
    Ok(lines)
}

fn line(what: String, resident: u64, idle: u64, each: usize, took: f64) -> Line {
    let line = Line::bar(what, Unit::Megabytes, BUDGET, megabytes(resident));
    let each = resident.saturating_sub(idle) as f64 / each as f64;
    line.note(format!("made in {}", number(took, Unit::Seconds))).note(format!("{each:.0} bytes each"))
}

/// Makes calls in batches, each by its number.
fn calls(subject: &Subject, count: usize, call: impl Fn(usize) -> Vec<Vec<u8>>) -> Result<()> {
    let mut pipe = subject.pipe()?;
    for number in 0..count {
        let args = call(number);
        pipe.queue(&args.iter().map(Vec::as_slice).collect::<Vec<_>>());
        if number % BATCH == BATCH - 1 || number == count - 1 {
            pipe.exchange(&mut |_| {})?;
        }
    }
    Ok(())
}

fn words(text: &str) -> Vec<Vec<u8>> {
    text.split(' ').map(|word| word.as_bytes().to_vec()).collect()
}

fn streams(lab: &Lab) -> Result<Line> {
    let streams = 1_000_000.min(lab.entries as usize);
    let mut subject = Subject::start(lab, &[])?;
    let (idle, began, payload) = (subject.calm()?.resident, Instant::now(), "x".repeat(100));
    calls(&subject, streams, |n| words(&format!("XADD stream:{n} * f {payload}")))?;
    let took = began.elapsed().as_secs_f64();
    let usage = subject.calm()?;
    subject.kill()?;
    let again = subject.restart(&["DBSIZE"], streams as u64)?;
    let again_resident = subject.calm()?.resident;
    let resident = usage.resident.max(again_resident);
    let what = format!("resident memory, {} streams of one entry", spoken(streams as u64));
    let note = format!("after kill -9 there in {}, {:.0} MB", number(again, Unit::Seconds), megabytes(again_resident));
    Ok(line(what, resident, idle, streams, took).note(format!("peak {:.0} MB", megabytes(usage.peak))).note(note))
}

/// Each group has read one entry, so each has a consumer and something pending.
fn groups(lab: &Lab) -> Result<Line> {
    let subject = Subject::start(lab, &[])?;
    calls(&subject, GROUPS, |n| words(&format!("XADD s * f {n}")))?;
    let (idle, began) = (subject.calm()?.resident, Instant::now());
    calls(&subject, GROUPS, |n| words(&format!("XGROUP CREATE s group:{n} 0")))?;
    calls(&subject, GROUPS, |n| words(&format!("XREADGROUP GROUP group:{n} c COUNT 1 STREAMS s >")))?;
    let took = began.elapsed().as_secs_f64();
    let what = format!("resident memory, {GROUPS} groups of one stream, one entry pending in each");
    Ok(line(what, subject.calm()?.resident, idle, GROUPS, took))
}

/// Each has spoken once.
fn connections(lab: &Lab) -> Result<Line> {
    open_many_files(CONNECTIONS as u64 + 200)?;
    let limit = (CONNECTIONS + 100).to_string();
    let mut subject = Subject::start(lab, &["--maxclients", &limit])?;
    let (idle, began) = (subject.calm()?.resident, Instant::now());
    let address = subject.address();
    let mut open = Vec::with_capacity(CONNECTIONS);
    for _ in 0..CONNECTIONS {
        let mut stream = TcpStream::connect(address)?;
        stream.write_all(b"PING\r\n")?;
        let mut reply = [0; 7];
        stream.read_exact(&mut reply)?;
        open.push(stream);
    }
    let took = began.elapsed().as_secs_f64();
    let resident = subject.calm()?.resident;
    if subject.info("connected_clients")? < CONNECTIONS as u64 {
        return Err(Error::other("some connections are gone"));
    }
    Ok(line(format!("resident memory, {CONNECTIONS} connections"), resident, idle, CONNECTIONS, took))
}
