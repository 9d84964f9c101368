//! A server under measurement, ours or the other, in a folder of its own that goes with it; and what all rows share.

use crate::process::Usage;
use crate::wire::Pipe;
use crate::{disk, say};
use brooklet_testkit::server::{Data, Dialect};
use brooklet_testkit::{Client, Protocol, Server, Target, Value};
use std::io::{Error, Result};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// Bytes of an entry's payload.
pub const PAYLOAD: u64 = 100;
/// The key that the load generator fills.
pub const STREAM: &str = "bench:stream:000000000000";
/// How long settling may take.
const SETTLING: Duration = Duration::from_secs(180);

/// The program that is measured, and the one that makes load.
pub struct Programs {
    pub target: Target,
    pub generator: PathBuf,
}

/// What the rows of one side share.
pub struct Lab {
    pub programs: Programs,
    pub room: PathBuf,
    /// Entries of the long stream.
    pub entries: u64,
    /// Whether the row `cost` takes ten times as many.
    pub big: bool,
    /// The long stream: rows that need it share it.
    pub long: Option<crate::rows::Long>,
}

impl Lab {
    pub fn new(programs: Programs, room: &Path, entries: u64, big: bool) -> Self {
        Self { programs, room: room.to_path_buf(), entries, big, long: None }
    }

    pub fn is_ours(&self) -> bool {
        self.programs.target.dialect() == Dialect::Brooklet
    }
}

/// How often a load goes on where memory was full.
const TRIES: usize = 20;

/// A running server.
pub struct Subject {
    // Before the folder: it has to be gone when the folder is removed.
    server: Server,
    client: Client,
    folder: tempfile::TempDir,
    generator: PathBuf,
    /// Entries that were refused while loading, because memory was full.
    pub refused: u64,
}

impl Subject {
    /// Starts it over an empty folder.
    pub fn start(lab: &Lab, flags: &[&str]) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("data.").tempdir_in(&lab.room)?;
        let flags: Vec<String> = flags.iter().map(|flag| (*flag).to_owned()).collect();
        let server = Server::start(&lab.programs.target, Data::Durable(folder.path().to_path_buf()), &flags)?;
        let client = server.connect(Protocol::Resp2)?;
        Ok(Self { server, client, folder, generator: lab.programs.generator.clone(), refused: 0 })
    }

    pub fn is_ours(&self) -> bool {
        self.server.dialect() == Dialect::Brooklet
    }

    pub fn address(&self) -> SocketAddr {
        self.server.address()
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub fn usage(&self) -> Result<Usage> {
        Usage::of(self.server.pid())
    }

    /// A connection for many calls.
    pub fn pipe(&self) -> Result<Pipe> {
        Pipe::connect(self.server.address())
    }

    /// One call; an error reply is an error.
    pub fn call(&mut self, args: &[&str]) -> Result<Value> {
        match self.client.call(args) {
            Ok(Value::Error(why)) => Err(Error::other(format!("{args:?}: {}", String::from_utf8_lossy(&why)))),
            Ok(value) => Ok(value),
            Err(why) => Err(Error::other(format!("{args:?}: {why:?}\n{}", self.server.output()))),
        }
    }

    /// The number that a call answers.
    pub fn number(&mut self, args: &[&str]) -> Result<u64> {
        let reply = self.call(args)?;
        reply.number().and_then(|n| n.try_into().ok()).ok_or_else(|| Error::other(format!("{args:?} gives no number")))
    }

    /// A number in INFO.
    pub fn info(&mut self, name: &str) -> Result<u64> {
        let text = self.call(&["INFO", "everything"])?.text().unwrap_or_default();
        let value = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')?.trim().parse().ok());
        value.ok_or_else(|| Error::other(format!("INFO has no {name}")))
    }

    /// Entries of the long stream.
    pub fn len(&mut self) -> Result<u64> {
        self.number(&["XLEN", STREAM])
    }

    /// Adds entries with the load generator, pipelined.
    pub fn load(&mut self, entries: u64, kind: &str) -> Result<()> {
        self.load_of(entries, kind, PAYLOAD)
    }

    /// The same, with payloads of another size. What the server refuses because its memory is full is added once it has
    /// settled, and counted.
    pub fn load_of(&mut self, entries: u64, kind: &str, payload: u64) -> Result<()> {
        let wanted = self.len()? + entries;
        say(&format!("adding {entries} entries"));
        for _ in 0..TRIES {
            let missing = wanted - self.len()?;
            let told = self.generate(missing, kind, payload)?;
            if self.len()? == wanted {
                return Ok(());
            }
            if !told.contains("OOM command not allowed") {
                return Err(Error::other(format!("the load generator: {told}")));
            }
            let refused = wanted - self.len()?;
            say(&format!("{refused} entries were refused with OOM"));
            self.refused += refused;
            self.checkpoint()?;
        }
        Err(Error::other("the server is out of memory"))
    }

    /// Runs the load generator; what it said.
    fn generate(&self, entries: u64, kind: &str, payload: u64) -> Result<String> {
        let address = self.server.address().to_string();
        let (count, payload) = (entries.to_string(), payload.to_string());
        let output = Command::new(&self.generator)
            .args(["bench", "xadd", "-a", &address, "-n", &count, "-d", &payload])
            .args(["-P", "64", "--json", "--payload-kind", kind])
            .stdin(Stdio::null())
            .output()?;
        let told = [output.stderr, output.stdout].concat();
        Ok(String::from_utf8_lossy(&told).into_owned())
    }

    /// Waits until what was committed lies where it will stay: two checkpoints, no compactions, nothing written any more.
    /// (The second one: what the first made superfluous goes.) The other server has nothing like it; its log waits for
    /// the disk.
    pub fn settle(&mut self) -> Result<()> {
        say("waiting until all is settled");
        if self.is_ours() {
            self.checkpoint()?;
            self.checkpoint()?;
        }
        let deadline = Instant::now() + SETTLING;
        let (mut quiet, mut before) = (0, self.usage()?.written);
        while quiet < 6 {
            if Instant::now() > deadline {
                return Err(Error::other("it does not settle"));
            }
            sleep(Duration::from_millis(500));
            let pending = match self.is_ours() {
                true => self.info("storage_pending_compaction_bytes")?,
                false => self.info("aof_rewrite_in_progress")?,
            };
            let now = self.usage()?.written;
            // The mark, each second, of how far the journal was durable is not what is waited for.
            quiet = if pending == 0 && now - before < 64 << 10 { quiet + 1 } else { 0 };
            before = now;
        }
        Ok(())
    }

    /// Asks for a checkpoint and waits for its end.
    pub fn checkpoint(&mut self) -> Result<()> {
        let before = self.info("rdb_saves")?;
        // One that is under way already is as good.
        let _ = self.client.call(&["BGSAVE"]);
        let deadline = Instant::now() + SETTLING;
        while self.info("rdb_saves")? == before || self.info("rdb_bgsave_in_progress")? == 1 {
            if Instant::now() > deadline {
                return Err(Error::other("the checkpoint does not end"));
            }
            sleep(Duration::from_millis(20));
        }
        Ok(())
    }

    /// Where it stands once its memory does not change any more: the allocator gives back what is free after a second.
    pub fn calm(&self) -> Result<Usage> {
        let mut usage = self.usage()?;
        let mut same = 0;
        for _ in 0..40 {
            sleep(Duration::from_millis(500));
            let now = self.usage()?;
            same = if now.resident.abs_diff(usage.resident) < 256 << 10 { same + 1 } else { 0 };
            usage = now;
            if same == 4 {
                break;
            }
        }
        Ok(usage)
    }

    /// kill -9.
    pub fn kill(&mut self) -> Result<()> {
        self.server.kill()
    }

    /// SIGTERM, and its orderly end.
    pub fn terminate(&mut self) -> Result<()> {
        self.server.terminate()
    }

    /// Drops its files from the page cache.
    pub fn make_cold(&self) -> Result<()> {
        disk::make_cold(self.folder.path())
    }

    /// Removes its data, once it was killed.
    pub fn empty(&self) -> Result<()> {
        std::fs::remove_dir_all(self.folder.path())?;
        std::fs::create_dir(self.folder.path())
    }

    /// Starts it again; seconds until it has answered a call with the number that is expected.
    pub fn restart(&mut self, args: &[&str], expected: u64) -> Result<f64> {
        let began = Instant::now();
        self.server.restart()?;
        self.client = self.server.connect(Protocol::Resp2)?;
        let found = self.number(args)?;
        let took = began.elapsed().as_secs_f64();
        match found == expected {
            true => Ok(took),
            false => Err(Error::other(format!("{args:?} answers {found} after the restart, expected {expected}"))),
        }
    }
}
