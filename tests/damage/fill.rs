//! A folder with keys of every type, groups and pending entries, several checkpoints and several journal files; what a
//! server must answer over it; and copies that were taken in the course of its life.

use std::io::Result;
use std::path::{Path, PathBuf};

use brooklet_testkit::server::Data;
use brooklet_testkit::{Client, Protocol, Server, Target};

use crate::dump::{Dump, dump};

/// Small files, so that there are several of each kind; no checkpoint but those that are asked for.
const FLAGS: [&str; 8] = [
    "--journal-segment-bytes",
    "1mb",
    "--checkpoint-bytes",
    "64mb",
    "--checkpoint-interval",
    "86400",
    "--maxmemory",
    "64mb",
];

/// The flags of every server here.
pub fn flags() -> Vec<String> {
    FLAGS.iter().map(|flag| (*flag).to_owned()).collect()
}

/// How a server was ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// In good order, with most of the data in the journal.
    Ended,
    /// Killed, right after it had acknowledged what stands in the list `tail`; the rest was synced.
    Killed,
    /// Killed, right after its second checkpoint.
    Settled,
}

/// A folder as its server left it.
pub struct Folder {
    pub end: End,
    pub path: PathBuf,
    /// What it answered last.
    pub expected: Dump,
    /// Copies from earlier days, the newest first.
    pub earlier: Vec<PathBuf>,
}

impl Folder {
    /// Fills a folder below `scratch`.
    pub fn fill(target: &Target, scratch: &Path, end: End) -> std::result::Result<Folder, String> {
        let name = name(end);
        let mut folder = Folder { end, path: scratch.join(name), expected: Dump::default(), earlier: Vec::new() };
        folder.live(target, scratch).map_err(|why| format!("filling a folder that is {name}: {why}"))?;
        Ok(folder)
    }

    pub fn name(&self) -> &'static str {
        name(self.end)
    }

    fn live(&mut self, target: &Target, scratch: &Path) -> Result<()> {
        let mut server = Server::start(target, Data::Durable(self.path.clone()), &flags())?;
        let rounds = if self.end == End::Settled { 1 } else { 4 };
        for round in 0..rounds {
            write(&mut server.connect(Protocol::Resp2)?, round)?;
            let copy = scratch.join(format!("{}-{round}", self.name()));
            copy_folder(&self.path, &copy)?;
            self.earlier.insert(0, copy);
            if round == 1 {
                server.terminate()?;
                server.restart()?;
            }
        }
        let mut client = server.connect(Protocol::Resp2)?;
        if self.end == End::Settled {
            changes(&mut client, 1)?;
            self.expected = dump(&mut client).map_err(std::io::Error::other)?;
            ask(&mut client, &["SAVE"])?;
            return server.kill();
        }
        late(&mut client)?;
        // Each sync notes the watermark before the next one begins, so the first of these is noted when the second is done.
        for _ in 0..2 {
            ask(&mut client, &["SET", "noted", "1"])?;
            ask(&mut client, &["WAITAOF", "1", "0", "10000"])?;
        }
        if self.end == End::Killed {
            for n in 0..40 {
                ask(&mut client, &["RPUSH", "tail", &n.to_string()])?;
            }
        }
        self.expected = dump(&mut client).map_err(std::io::Error::other)?;
        if self.end == End::Killed { server.kill() } else { server.terminate() }
    }
}

fn name(end: End) -> &'static str {
    match end {
        End::Ended => "ended",
        End::Killed => "killed",
        End::Settled => "settled",
    }
}

/// Sends a command that must be answered with something else than an error.
fn ask(client: &mut Client, words: &[&str]) -> Result<()> {
    match client.call(words) {
        Ok(reply) if !reply.is_error() => Ok(()),
        other => Err(std::io::Error::other(format!("{words:?}: {other:?}"))),
    }
}

/// A round of changes and a checkpoint.
fn write(client: &mut Client, round: usize) -> Result<()> {
    changes(client, round)?;
    ask(client, &["SAVE"])
}

/// About a megabyte of entries and some of everything else.
fn changes(client: &mut Client, round: usize) -> Result<()> {
    for stream in ["orders", "events"] {
        entries(client, stream, round, 300)?;
        let group = format!("group{round}");
        for n in (0..4).filter(|_| round == 0) {
            ask(client, &["XGROUP", "CREATE", stream, &format!("group{n}"), "0"])?;
        }
        ask(client, &["XREADGROUP", "GROUP", &group, "me", "COUNT", "40", "STREAMS", stream, ">"])?;
        ask(client, &["XREADGROUP", "GROUP", &group, "you", "COUNT", "40", "STREAMS", stream, ">"])?;
        for n in 1..=5 {
            ask(client, &["XACK", stream, &group, &format!("1-{n}")])?;
        }
        ask(client, &["XDEL", stream, &format!("{}-9", round + 1)])?;
    }
    ask(client, &["XTRIM", "events", "MAXLEN", "=", "400"])?;
    ask(client, &["XADD", "late", &format!("{}-0", round + 1), "round", "1"])?;
    values(client, round)
}

fn entries(client: &mut Client, stream: &str, round: usize, count: usize) -> Result<()> {
    for n in 1..=count {
        let (id, body) = (format!("{}-{n}", round + 1), noise(round * 1000 + n, 1500));
        ask(client, &["XADD", stream, &id, "number", &n.to_string(), "body", &body])?;
    }
    Ok(())
}

/// Letters that do not compress well and are the same each time.
fn noise(seed: usize, bytes: usize) -> String {
    let mut rng = fastrand::Rng::with_seed(seed as u64);
    (0..bytes).map(|_| rng.alphanumeric()).collect()
}

fn values(client: &mut Client, round: usize) -> Result<()> {
    let n = &round.to_string();
    for i in 0..50 {
        ask(client, &["SET", &format!("string{i}"), &noise(round * 50 + i, 200)])?;
    }
    ask(client, &["SET", "brief", n, "PXAT", "33333333333333"])?;
    for i in 0..200 {
        let (i, text) = (&i.to_string(), noise(round + i, 40));
        ask(client, &["HSET", "hash", i, &text])?;
        ask(client, &["RPUSH", "list", &text])?;
        ask(client, &["SADD", "set", &text])?;
        ask(client, &["SADD", "integers", i])?;
        ask(client, &["ZADD", "sorted", i, &text])?;
    }
    ask(client, &["HPEXPIREAT", "hash", "33333333333333", "FIELDS", "1", "7"])?;
    ask(client, &["DEL", &format!("string{round}")])?;
    ask(client, &["RPUSH", "tail", "first"])?;
    ask(client, &["SELECT", "1"])?;
    ask(client, &["SET", "elsewhere", n])?;
    ask(client, &["SELECT", "0"])
}

/// What stands in the journal only, over several of its files, and changes what has settled.
fn late(client: &mut Client) -> Result<()> {
    entries(client, "orders", 9, 900)?;
    entries(client, "late", 9, 900)?;
    ask(client, &["XREADGROUP", "GROUP", "group0", "me", "COUNT", "700", "STREAMS", "orders", ">"])?;
    ask(client, &["XTRIM", "events", "MAXLEN", "=", "350"])?;
    values(client, 7)
}

/// Copies a folder with all it holds.
pub fn copy_folder(from: &Path, to: &Path) -> Result<()> {
    std::fs::create_dir(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?.path();
        let to = to.join(entry.file_name().unwrap_or_default());
        if entry.is_dir() {
            copy_folder(&entry, &to)?;
            continue;
        }
        match std::fs::copy(&entry, &to) {
            // A running server deletes files that it does not need any more.
            Err(gone) if gone.kind() == std::io::ErrorKind::NotFound => {}
            copied => drop(copied?),
        }
    }
    Ok(())
}
