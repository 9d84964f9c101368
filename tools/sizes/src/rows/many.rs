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

/// The budget is about what the server has in use (`used_memory`); its code and what the allocator holds are beside it.
fn line(what: String, subject: &mut Subject, idle: u64, each: usize, took: f64) -> Result<Line> {
    let usage = subject.calm()?;
    let each = usage.resident.saturating_sub(idle) as f64 / each as f64;
    let line =
        Line::bar(format!("memory in use, {what}"), Unit::Megabytes, BUDGET, megabytes(subject.info("used_memory")?));
    let resident = format!("resident {:.0} MB, {each:.0} bytes each", megabytes(usage.resident));
    let line = line.note(resident).note(format!("peak {:.0} MB", megabytes(usage.peak)));
    Ok(line.note(format!("made in {}", number(took, Unit::Seconds))))
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
    let line = line(format!("{} streams of one entry", spoken(streams as u64)), &mut subject, idle, streams, took)?;
    subject.kill()?;
    let again = subject.restart(&["DBSIZE"], streams as u64)?;
    let resident = megabytes(subject.calm()?.resident);
    Ok(line.note(format!("after kill -9 there in {}, resident {resident:.0} MB", number(again, Unit::Seconds))))
}

/// Each group has read one entry, so each has a consumer and something pending.
fn groups(lab: &Lab) -> Result<Line> {
    let mut subject = Subject::start(lab, &[])?;
    calls(&subject, GROUPS, |n| words(&format!("XADD s * f {n}")))?;
    let (idle, began) = (subject.calm()?.resident, Instant::now());
    calls(&subject, GROUPS, |n| words(&format!("XGROUP CREATE s group:{n} 0")))?;
    calls(&subject, GROUPS, |n| words(&format!("XREADGROUP GROUP group:{n} c COUNT 1 STREAMS s >")))?;
    let took = began.elapsed().as_secs_f64();
    line(format!("{GROUPS} groups of one stream, one entry pending in each"), &mut subject, idle, GROUPS, took)
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
    if subject.info("connected_clients")? < CONNECTIONS as u64 {
        return Err(Error::other("some connections are gone"));
    }
    // Measured while they are open.
    line(format!("{CONNECTIONS} connections"), &mut subject, idle, open.len(), took)
}
