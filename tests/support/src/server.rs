//! A server under test: a process of ours or of the reference, on a free port of 127.0.0.1 and in a folder of its own.
//! Dropping it kills that process, by its id.

use std::fs::File;
use std::io::{Error, Result};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::{Client, Protocol, Value, reference};

/// How long a server may take until it answers PING.
const START: Duration = Duration::from_secs(60);

/// Whose flags a program takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// `--port 0 --ready-file F`
    Brooklet,
    /// A free port is guessed; `--save '' --appendonly yes`
    Redis,
}

/// A program that can be started as a server.
#[derive(Clone, Debug)]
pub struct Target {
    program: PathBuf,
    dialect: Dialect,
    environment: Vec<(String, String)>,
}

impl Target {
    /// A program of which the caller knows whose flags it takes.
    #[must_use]
    pub fn new(program: PathBuf, dialect: Dialect) -> Self {
        Self { program, dialect, environment: Vec::new() }
    }

    /// The same program with one more variable in its environment.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Ours, or what `BROOKLET_UNDER_TEST` names instead. `built` is `env!("CARGO_BIN_EXE_brooklet")` of the test.
    #[must_use]
    pub fn under_test(built: &str) -> Self {
        let program = std::env::var_os("BROOKLET_UNDER_TEST").map_or_else(|| PathBuf::from(built), PathBuf::from);
        let name = program.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        let dialect = if name.contains("brooklet") { Dialect::Brooklet } else { Dialect::Redis };
        Self::new(program, dialect)
    }

    /// The reference server: `BROOKLET_REFERENCE`, or where `./x reference` puts it.
    ///
    /// # Errors
    /// A sentence for the person who lacks it.
    pub fn reference() -> std::result::Result<Self, String> {
        let program = std::env::var_os("BROOKLET_REFERENCE").map_or_else(cached, PathBuf::from);
        match program.is_file() {
            true => Ok(Self::new(program, Dialect::Redis)),
            false => Err("the reference server is missing; `./x reference` gets it".to_owned()),
        }
    }

    /// Whose flags it takes.
    #[must_use]
    pub fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// Where the program is.
    #[must_use]
    pub fn program(&self) -> &Path {
        &self.program
    }
}

fn cached() -> PathBuf {
    let home = || PathBuf::from(std::env::var_os("HOME").unwrap_or_default()).join(".cache");
    let cache = std::env::var_os("XDG_CACHE_HOME").map_or_else(home, PathBuf::from);
    cache.join("brooklet-reference/redis/src/redis-server")
}

/// Where the data lives.
#[derive(Clone, Debug)]
pub enum Data {
    /// Nowhere; it goes with the process.
    Volatile,
    /// In a folder that outlives the process: restarts find it.
    Durable(PathBuf),
}

/// A running server.
#[derive(Debug)]
pub struct Server {
    target: Target,
    data: Data,
    flags: Vec<String>,
    scratch: tempfile::TempDir,
    child: Child,
    address: SocketAddr,
}

impl Server {
    /// Starts a server and waits until it answers.
    ///
    /// # Errors
    /// It did not start or does not answer; its output is quoted.
    pub fn start(target: &Target, data: Data, flags: &[String]) -> Result<Self> {
        let scratch = tempfile::tempdir()?;
        let (child, address) = launch(target, &data, flags, scratch.path())?;
        Ok(Self { target: target.clone(), data, flags: flags.to_vec(), scratch, child, address })
    }

    /// Where it listens. Changes when it restarts.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The process's id.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Whose flags it takes.
    #[must_use]
    pub fn dialect(&self) -> Dialect {
        self.target.dialect
    }

    /// A new connection.
    ///
    /// # Errors
    /// See [`Client::connect`].
    pub fn connect(&self, protocol: Protocol) -> Result<Client> {
        Client::connect(self.address, protocol)
    }

    /// kill -9, and wait until the process is gone.
    ///
    /// # Errors
    /// What the system says.
    pub fn kill(&mut self) -> Result<()> {
        self.child.kill()?;
        self.child.wait().map(drop)
    }

    /// SIGTERM, and wait for the orderly end.
    ///
    /// # Errors
    /// It does not end, or ends with a failure.
    pub fn terminate(&mut self) -> Result<()> {
        self.ask_to_end()?;
        match self.ended(START) {
            Some(status) if status.success() => Ok(()),
            Some(status) => Err(Error::other(format!("after SIGTERM: {status}\n{}", self.output()))),
            None => Err(Error::other("SIGTERM was not obeyed")),
        }
    }

    /// Starts it again, after [`Self::kill`] or [`Self::terminate`], on the same folder with the same flags.
    ///
    /// # Errors
    /// See [`Self::start`].
    pub fn restart(&mut self) -> Result<()> {
        (self.child, self.address) = launch(&self.target, &self.data, &self.flags, self.scratch.path())?;
        Ok(())
    }

    /// Waits until the process has ended by itself, at most so long; how it ended, if it did.
    pub fn ended(&mut self, patience: Duration) -> Option<ExitStatus> {
        let deadline = Instant::now() + patience;
        loop {
            match self.child.try_wait() {
                Ok(None) if Instant::now() < deadline => sleep(Duration::from_millis(2)),
                status => return status.ok().flatten(),
            }
        }
    }

    /// Sends SIGTERM, and waits for nothing.
    ///
    /// # Errors
    /// What the system says.
    pub fn ask_to_end(&self) -> Result<()> {
        Command::new("kill").arg(self.child.id().to_string()).status().map(drop)
    }

    /// Whether the process still runs.
    pub fn is_running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// The last lines that it wrote to its output.
    #[must_use]
    pub fn output(&self) -> String {
        tail(self.scratch.path())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Nothing can be done about a failure here, and a process that is gone already is what we want.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn launch(target: &Target, data: &Data, flags: &[String], scratch: &Path) -> Result<(Child, SocketAddr)> {
    let mut last = Error::other("never tried");
    // A guessed port may be taken in the meantime; then the process ends at once and another is tried.
    for _ in 0..5 {
        let port = if target.dialect == Dialect::Redis { free_port()? } else { 0 };
        let ready = scratch.join("ready");
        let _ = std::fs::remove_file(&ready);
        let log = File::create(scratch.join("output"))?;
        let own = own_flags(target.dialect, data, port, scratch);
        let arguments = match target.dialect {
            Dialect::Brooklet => [own, flags.to_vec()].concat(),
            Dialect::Redis => reference::arguments(own, flags, port, free_port()?, scratch)?,
        };
        let mut child = Command::new(&target.program)
            .args(arguments)
            .current_dir(scratch)
            // Ours reads BROOKLET_* as options and warns of those that are none.
            .env_remove("BROOKLET_UNDER_TEST")
            .env_remove("BROOKLET_REFERENCE")
            .env_remove("BROOKLET_RECORD")
            .envs(target.environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()
            .map_err(|e| Error::other(format!("{}: {e}", target.program.display())))?;
        let ready = wait_ready(&mut child, port, &ready).and_then(|address| match target.dialect {
            Dialect::Brooklet => Ok(address),
            Dialect::Redis => reference::arrange(flags, address).map(|()| address),
        });
        match ready {
            Ok(address) => return Ok((child, address)),
            Err(why) => {
                let _ = child.kill();
                let _ = child.wait();
                last = Error::other(format!("{why}\n{}", tail(scratch)));
            }
        }
        if target.dialect == Dialect::Brooklet {
            break;
        }
    }
    Err(last)
}

fn own_flags(dialect: Dialect, data: &Data, port: u16, scratch: &Path) -> Vec<String> {
    let path = |p: &Path| p.to_string_lossy().into_owned();
    let mut flags = vec!["--port".to_owned(), port.to_string(), "--bind".to_owned(), "127.0.0.1".to_owned()];
    match (dialect, data) {
        (Dialect::Brooklet, data) => {
            flags.extend(["--ready-file".to_owned(), path(&scratch.join("ready")), "--exit-with-parent".to_owned()]);
            match data {
                Data::Volatile => flags.push("--memory".to_owned()),
                Data::Durable(dir) => flags.extend(["--dir".to_owned(), path(dir)]),
            }
        }
        (Dialect::Redis, data) => {
            flags.extend(["--save".to_owned(), String::new()]);
            if let Data::Durable(dir) = data {
                flags.extend(["--dir".to_owned(), path(dir), "--appendonly".to_owned(), "yes".to_owned()]);
            }
        }
    }
    flags
}

fn free_port() -> Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}

fn wait_ready(child: &mut Child, port: u16, ready: &Path) -> Result<SocketAddr> {
    let deadline = Instant::now() + START;
    while Instant::now() < deadline {
        if let Some(status) = child.try_wait()? {
            return Err(Error::other(format!("the server ended: {status}")));
        }
        let port = if port == 0 { announced(ready) } else { Some(port) };
        if let Some(port) = port {
            let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
            if answers(address) {
                return Ok(address);
            }
        }
        sleep(Duration::from_millis(2));
    }
    Err(Error::other("the server does not answer"))
}

/// The port in a ready file: the digits that end its first line.
fn announced(ready: &Path) -> Option<u16> {
    let text = std::fs::read_to_string(ready).ok()?;
    // The line end tells that the file is complete.
    let line = text.split_once('\n')?.0.trim_end();
    let digits = line.len() - line.bytes().rev().take_while(u8::is_ascii_digit).count();
    line[digits..].parse().ok()
}

/// Whether PING is answered; with a password set, being asked for it will do.
fn answers(address: SocketAddr) -> bool {
    let Ok(mut client) = Client::connect(address, Protocol::Resp2) else { return false };
    match client.call(&["PING"]) {
        Ok(Value::Simple(pong)) => pong == b"PONG",
        Ok(Value::Error(why)) => why.starts_with(b"NOAUTH"),
        _ => false,
    }
}

fn tail(scratch: &Path) -> String {
    let text = std::fs::read(scratch.join("output")).unwrap_or_default();
    let text = String::from_utf8_lossy(&text).into_owned();
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(15)..].join("\n")
}
