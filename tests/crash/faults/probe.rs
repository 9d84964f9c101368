//! A client that adds numbers to a stream, one at a time, and remembers what became of each: kept, refused, or unknown.

use std::collections::BTreeSet;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use brooklet_testkit::client::NoReply;
use brooklet_testkit::{Client, Protocol, Server, Value};

use crate::ledger::spell;
use crate::writer::entry;

/// What an addition came to.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    Kept,
    Refused(String),
    /// None in the time given: one may still come, see [`Probe::late`].
    Silence,
    Closed,
}

/// One connection and its own stream.
#[derive(Debug)]
pub struct Probe {
    pub client: Client,
    stream: String,
    last: u64,
    /// Number and when it was sent, in seconds since 1970.
    kept: Vec<(u64, f64)>,
    refused: BTreeSet<u64>,
    unknown: BTreeSet<u64>,
}

impl Probe {
    pub fn new(server: &Server, stream: &str) -> Result<Probe, String> {
        let client = server.connect(Protocol::Resp2).map_err(|e| e.to_string())?;
        Ok(Probe {
            client,
            stream: stream.to_owned(),
            last: 0,
            kept: Vec::new(),
            refused: BTreeSet::new(),
            unknown: BTreeSet::new(),
        })
    }

    /// Adds the next number, with so many bytes beside it.
    pub fn add(&mut self, filling: usize, patience: Duration) -> Result<Answer, String> {
        self.last += 1;
        self.unknown.insert(self.last);
        let (number, filling) = (self.last.to_string(), "x".repeat(filling));
        let sent = since_1970();
        match self.client.send(&["XADD", &self.stream, "*", "n", &number, "f", &filling]) {
            Ok(()) => self.answer(sent, patience),
            Err(_) => Ok(Answer::Closed),
        }
    }

    /// Adds numbers that all have to be kept.
    pub fn keeps(&mut self, count: usize, filling: usize) -> Result<(), String> {
        for _ in 0..count {
            match self.add(filling, Duration::from_secs(10))? {
                Answer::Kept => {}
                other => return Err(format!("XADD was answered {other:?}")),
            }
        }
        Ok(())
    }

    /// The answer to the last addition, after a silence.
    pub fn late(&mut self, patience: Duration) -> Result<Answer, String> {
        self.answer(since_1970(), patience)
    }

    fn answer(&mut self, sent: f64, patience: Duration) -> Result<Answer, String> {
        Ok(match self.client.read(patience) {
            Ok(Value::Bulk(_)) => {
                self.unknown.remove(&self.last);
                self.kept.push((self.last, sent));
                Answer::Kept
            }
            Ok(Value::Error(why)) => {
                self.unknown.remove(&self.last);
                self.refused.insert(self.last);
                Answer::Refused(String::from_utf8_lossy(&why).into_owned())
            }
            Ok(other) => return Err(format!("XADD was answered {other:?}")),
            Err(NoReply::Silence) => Answer::Silence,
            Err(NoReply::Closed) => Answer::Closed,
            Err(NoReply::Malformed(why)) => return Err(why),
        })
    }

    /// Nothing that was sent later than this may have been kept.
    pub fn none_after(&self, time: f64) -> Result<(), String> {
        match self.kept.iter().find(|(_, sent)| *sent > time) {
            Some((number, sent)) => {
                Err(format!("number {number} was acknowledged, and sent {:.6} s after the fault", sent - time))
            }
            None => Ok(()),
        }
    }

    /// What was kept is there, in order; of the rest only what nobody knows about.
    pub fn verify(&self, client: &mut Client) -> Result<(), String> {
        let found = self.found(client)?;
        if !found.is_sorted_by(|a, b| a < b) {
            return Err(format!("{} is out of order", self.stream));
        }
        let found: BTreeSet<u64> = found.into_iter().collect();
        if let Some((number, _)) = self.kept.iter().find(|(number, _)| !found.contains(number)) {
            return Err(format!("LOST: number {number} of {}, of {} acknowledged", self.stream, self.kept.len()));
        }
        match found.intersection(&self.refused).next() {
            Some(number) => Err(format!("number {number} of {} was refused, and is there", self.stream)),
            None => Ok(()),
        }
    }

    /// The numbers in the stream, read in pages.
    fn found(&self, client: &mut Client) -> Result<Vec<u64>, String> {
        let (mut found, mut from) = (Vec::new(), "-".to_owned());
        loop {
            let page = client.call(&["XRANGE", &self.stream, &from, "+", "COUNT", "100"]);
            let page: Vec<_> = match page {
                Ok(Value::Array(items)) => items.iter().filter_map(entry).collect(),
                other => return Err(format!("XRANGE was answered {other:?}")),
            };
            let Some(last) = page.last().and_then(|entry| entry.id) else { return Ok(found) };
            found.extend(page.iter().map(|entry| entry.number));
            from = format!("({}", spell(last));
        }
    }
}

fn since_1970() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64()
}
