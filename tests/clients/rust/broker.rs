//! A broker process for the tests: its own folder, a free port, killed at the end.

#![allow(clippy::disallowed_methods)]

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};
use std::{env, fs};

/// How long anything may take that has to happen.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// The broker.
pub struct Broker {
    folder: PathBuf,
    process: Child,
    /// Where it listens on this machine.
    pub port: u16,
}

impl Broker {
    /// A new one, without data.
    pub fn start() -> Broker {
        static STARTED: AtomicUsize = AtomicUsize::new(0);
        let number = STARTED.fetch_add(1, Ordering::Relaxed);
        let folder = env::temp_dir().join(format!("brooklet-rust-{}-{number}", std::process::id()));
        fs::create_dir_all(&folder).expect("a folder");
        let process = serve(&folder, 0);
        let mut broker = Broker { folder, process, port: 0 };
        broker.port = broker.address();
        broker
    }

    /// Kills it and starts it again on the same port and data.
    pub fn restart(&mut self) {
        self.kill();
        self.process = serve(&self.folder, self.port);
        self.address();
    }

    /// The URL of a database.
    pub fn url(&self, database: u8) -> String {
        format!("redis://127.0.0.1:{}/{database}", self.port)
    }

    fn address(&mut self) -> u16 {
        let ready = self.folder.join("ready");
        let found = eventually("the broker to start", || {
            assert!(matches!(self.process.try_wait(), Ok(None)), "the broker ended");
            fs::read_to_string(&ready).ok()?.trim().rsplit_once(':')?.1.parse().ok()
        });
        let _ = fs::remove_file(ready);
        found
    }

    fn kill(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        self.kill();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

fn serve(folder: &std::path::Path, port: u16) -> Child {
    let program = env::var_os("BROOKLET").expect("BROOKLET names no server: start these tests with ./run");
    let mut command = Command::new(program);
    command.args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--exit-with-parent"]);
    command.arg("--dir").arg(folder.join("data")).arg("--ready-file").arg(folder.join("ready"));
    command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the broker starts")
}

/// The first answer, or a panic after [`PATIENCE`].
pub fn eventually<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(began.elapsed() < PATIENCE, "waited too long for {what}");
        sleep(Duration::from_millis(5));
    }
}
