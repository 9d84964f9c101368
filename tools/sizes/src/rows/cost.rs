//! Whether a call costs more in a long stream than in a short one: the server's processor time, both servers in turn.

use super::{long, spoken};
use crate::say;
use crate::subject::{Lab, PAYLOAD, STREAM, Subject};
use crate::table::{Line, Unit};
use crate::wire::{Pipe, is_id};
use std::io::{Error, Result};

/// Calls of each kind in a round: enough that the kernel's ticks of 10 ms do not show.
const CALLS: usize = 250_000;
const ROUNDS: usize = 5;
/// Calls in one round trip.
const BATCH: usize = 64;
const SHORT: u64 = 1_000_000;

/// Microseconds of the server per XADD, XREADGROUP COUNT 1 and XACK of one id.
type Costs = [f64; 3];

pub fn measure(lab: &mut Lab) -> Result<Vec<Line>> {
    let mut short = filled(lab, SHORT.min(lab.entries / 10))?;
    let entries = if lab.big { lab.entries * 10 } else { lab.entries };
    let mut own = if lab.big { Some(filled(lab, entries)?) } else { None };
    let large = match own.as_mut() {
        Some(own) => own,
        None => &mut long::long(lab)?.subject,
    };
    let (mut of_short, mut of_large) = (Vec::new(), Vec::new());
    let first = short.len()?;
    for round in 0..ROUNDS {
        say(&format!("round {} of {ROUNDS}", round + 1));
        of_short.push(costs(&mut short)?);
        of_large.push(costs(large)?);
    }
    let lines = ["XADD", "XREADGROUP COUNT 1", "XACK of one id"].iter().enumerate().map(|(call, name)| {
        let [short, large] = [&of_short, &of_large].map(|rounds| median(rounds.iter().map(|costs| costs[call])));
        let what = format!("server CPU of {name}, {} entries against {}", spoken(entries), spoken(first));
        Line::bar(what, Unit::Times, 1.2, large / short).note(format!("{large:.2} against {short:.2} µs"))
    });
    Ok(lines.collect())
}

fn filled(lab: &Lab, entries: u64) -> Result<Subject> {
    let mut subject = Subject::start(lab, &[])?;
    subject.load(entries, "random")?;
    subject.settle()?;
    Ok(subject)
}

/// One round: entries are added, delivered to a new group and acknowledged there.
fn costs(subject: &mut Subject) -> Result<Costs> {
    let mut pipe = subject.pipe()?;
    subject.call(&["XGROUP", "CREATE", STREAM, "g", "$"])?;
    let mut letters = fastrand::Rng::new();
    let payload: Vec<u8> = (0..PAYLOAD).map(|_| letters.alphanumeric() as u8).collect();
    let mut ids = Vec::with_capacity(CALLS);
    let stream = STREAM.as_bytes();
    let add = cost(subject, || batches(&mut pipe, |_| vec![b"XADD", stream, b"*", b"f", &payload], &mut |_| {}))?;
    let next: [&[u8]; 9] = [b"XREADGROUP", b"GROUP", b"g", b"c", b"COUNT", b"1", b"STREAMS", stream, b">"];
    let deliver = cost(subject, || {
        batches(&mut pipe, |_| next.to_vec(), &mut |text| {
            if is_id(text) {
                ids.push(text.to_vec());
            }
        })
    })?;
    if ids.len() != CALLS {
        return Err(Error::other(format!("{} of {CALLS} entries were delivered", ids.len())));
    }
    let ack = cost(subject, || batches(&mut pipe, |n| vec![b"XACK", stream, b"g", &ids[n]], &mut |_| {}))?;
    subject.call(&["XGROUP", "DESTROY", STREAM, "g"])?;
    Ok([add, deliver, ack])
}

/// Microseconds of the server per call; the checkpoint that settles them counts.
fn cost(subject: &mut Subject, calls: impl FnOnce() -> Result<()>) -> Result<f64> {
    let before = subject.usage()?;
    calls()?;
    if subject.is_ours() {
        subject.checkpoint()?;
    }
    Ok((subject.usage()?.cpu - before.cpu) * 1e6 / CALLS as f64)
}

fn batches<'a>(pipe: &mut Pipe, call: impl Fn(usize) -> Vec<&'a [u8]>, seen: &mut dyn FnMut(&[u8])) -> Result<()> {
    for number in 0..CALLS {
        pipe.queue(&call(number));
        if number % BATCH == BATCH - 1 || number == CALLS - 1 {
            pipe.exchange(seen)?;
        }
    }
    Ok(())
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
