//! Clients that mean harm: what they announce, count, ask for, never read, and tear down; what they may learn and whom they
//! may become. `docs/security-tests.md` says which test holds which row of the list of known attacks.
//!
//! Each test asks the same three things: the server still runs, memory stayed within a bound, and others are served. Bounds
//! are wide, for machines that are busy; what an attack costs without the defence is far beyond them.

mod announce;
mod deaf;
mod files;
mod globs;
mod grammar;
mod ids;
mod lines;
mod numbers;
mod rights;
#[cfg(feature = "scripting")]
mod scripts;
mod secrets;
mod storms;

use super::connections::{nobody_is_disturbed, open_many_files, raw};
use super::{MIB, call, client, info, number, resident, target, text, until, volatile};
use brooklet_testkit::{Client, Protocol, Server, Value};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// What a crowd of hostile clients may cost, in resident memory.
const MOST: u64 = 64 * MIB;
/// Within this time each call has its answer, whatever is asked: seconds are for machines that are busy. What is stopped here takes twice
/// as long without the defence.
const PROMPT: Duration = Duration::from_secs(8);

fn ok() -> Value {
    Value::Simple(b"OK".to_vec())
}

/// Fails if the server costs more than [`MOST`] beyond `before`.
fn costs_little(server: &Server, before: u64, what: &str) {
    let grown = resident(server).saturating_sub(before);
    assert!(grown < MOST, "{what}: {grown} bytes");
}

/// A client that knows the password `secret`.
fn known(server: &Server) -> Client {
    let mut client = client(server);
    assert_eq!(call(&mut client, &["AUTH", "secret"]), ok());
    client
}

fn is_error(reply: &Value, beginning: &str) -> bool {
    matches!(reply, Value::Error(line) if line.starts_with(beginning.as_bytes()))
}

/// A broker with these arguments and no others, whose files would be open to everybody if it did not care: its umask
/// forbids nothing.
struct Careless {
    child: Child,
    ready: PathBuf,
}

impl Careless {
    fn start(folder: &Path, arguments: &[&str]) -> Careless {
        Careless::start_by(folder, &[], arguments)
    }

    /// The same through another program, which is given it to start.
    fn start_by(folder: &Path, starter: &[&str], arguments: &[&str]) -> Careless {
        let ready = folder.join("ready");
        let mut command = Command::new("sh");
        command.args(["-c", "umask 000; exec \"$@\"", "sh"]).args(starter).arg(target().program()).args(arguments);
        command.env_remove("BROOKLET_UNDER_TEST").env_remove("BROOKLET_REFERENCE");
        command.arg("--ready-file").arg(&ready).stdin(Stdio::null()).stderr(Stdio::null());
        Careless { child: command.spawn().unwrap(), ready }
    }

    fn connect(&self) -> Client {
        let mut line = String::new();
        until("the ready file", || {
            line = std::fs::read_to_string(&self.ready).unwrap_or_default();
            line.ends_with('\n')
        });
        Client::connect(line.trim().parse().unwrap(), Protocol::Resp2).unwrap()
    }
}

impl Drop for Careless {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
