//! Faults of single system calls, by strace: a call fails, is skipped, is slow, or ends the process. From a server's start
//! on, or from the moment at which strace is attached to it.
//!
//! strace counts calls for each thread apart: `when=3` is the third call of any one of them.

use std::fs::File;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use brooklet_testkit::server::Dialect;
use brooklet_testkit::{Server, Target};

/// How long strace may take to attach.
const PATIENCE: Duration = Duration::from_secs(10);

/// What keeps this machine from running strace.
pub fn missing() -> Option<String> {
    match Command::new("strace").args(["-e", "trace=none", "true"]).output() {
        Ok(output) if output.status.success() => None,
        Ok(output) => Some(String::from_utf8_lossy(&output.stderr).trim().to_owned()),
        Err(why) => Some(format!("strace: {why}")),
    }
}

/// A program that runs under strace from its start. The server keeps its own process id: strace runs beside it.
#[derive(Debug)]
pub struct Traced {
    scratch: tempfile::TempDir,
    target: Target,
}

/// `inject` as in strace: `fdatasync:signal=KILL:when=3`.
pub fn from_start(target: &Target, inject: &str) -> Result<Traced, String> {
    let scratch = tempfile::tempdir().map_err(|e| e.to_string())?;
    let (script, log) = (scratch.path().join("traced"), scratch.path().join("log"));
    let calls = inject.split(':').next().unwrap_or_default();
    let program = target.program().canonicalize().map_err(|e| e.to_string())?;
    // The filter spares the calls that nobody looks at, but no signal is ever sent with it.
    let filter = if inject.contains("signal=") { "" } else { "--seccomp-bpf" };
    let text = format!(
        "#!/bin/sh\nexec strace -D -f {filter} -qq -ttt -o '{}' -e signal=none -e trace={calls} -e inject={inject} \
         '{}' \"$@\"\n",
        log.display(),
        program.display()
    );
    std::fs::write(&script, text).map_err(|e| e.to_string())?;
    std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o755)).map_err(|e| e.to_string())?;
    Ok(Traced { target: Target::new(script, Dialect::Brooklet), scratch })
}

impl Traced {
    /// To start servers with.
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// How many calls were tampered with.
    pub fn hits(&self) -> usize {
        injected(&self.scratch.path().join("log")).len()
    }
}

/// strace, attached to a server. Goes when it is dropped; the server then goes on without faults.
#[derive(Debug)]
pub struct Attached {
    scratch: tempfile::TempDir,
    strace: Child,
}

/// Lets calls on one file fail from now on. `calls` and `how` as in strace: `fdatasync`, `error=EIO:when=1+`.
pub fn attach(server: &Server, file: Option<&Path>, calls: &str, how: &str) -> Result<Attached, String> {
    let scratch = tempfile::tempdir().map_err(|e| e.to_string())?;
    let path = |name: &str| scratch.path().join(name);
    let said = File::create(path("said")).map_err(|e| e.to_string())?;
    let mut command = Command::new("strace");
    command.args(["-f", "-ttt", "-e", "signal=none", "-p", &server.pid().to_string(), "-o"]).arg(path("log"));
    command.args(["-e", &format!("trace={calls}"), "-e", &format!("inject={calls}:{how}")]);
    if let Some(file) = file {
        command.arg("-P").arg(file);
    }
    let strace = command.stdin(Stdio::null()).stderr(said).spawn().map_err(|e| format!("strace: {e}"))?;
    let mut attached = Attached { scratch, strace };
    let deadline = Instant::now() + PATIENCE;
    while !is_traced(server.pid()) {
        if Instant::now() > deadline || !matches!(attached.strace.try_wait(), Ok(None)) {
            let said = std::fs::read_to_string(attached.scratch.path().join("said")).unwrap_or_default();
            return Err(format!("strace does not attach: {}", said.trim()));
        }
        sleep(Duration::from_millis(2));
    }
    Ok(attached)
}

impl Attached {
    /// When calls were tampered with, in seconds since 1970.
    pub fn hits(&self) -> Vec<f64> {
        injected(&self.scratch.path().join("log"))
    }

    /// Waits until a call was tampered with.
    pub fn hit(&self, patience: Duration) -> Result<f64, String> {
        let deadline = Instant::now() + patience;
        loop {
            match self.hits().first() {
                Some(first) => return Ok(*first),
                None if Instant::now() > deadline => return Err("the fault never came to pass".to_owned()),
                None => sleep(Duration::from_millis(2)),
            }
        }
    }
}

impl Drop for Attached {
    fn drop(&mut self) {
        // It lets go of the server when it is asked to end; killed, it would leave threads that are stopped.
        let asked = Command::new("kill").arg(self.strace.id().to_string()).stderr(Stdio::null()).status();
        if asked.is_err() {
            let _ = self.strace.kill();
        }
        let _ = self.strace.wait();
    }
}

/// Whether each thread of a process is traced.
fn is_traced(pid: u32) -> bool {
    let Ok(threads) = std::fs::read_dir(format!("/proc/{pid}/task")) else { return false };
    threads.flatten().all(|thread| {
        let status = std::fs::read_to_string(thread.path().join("status")).unwrap_or_default();
        let tracer = status.lines().find_map(|line| line.strip_prefix("TracerPid:"));
        tracer.is_some_and(|tracer| tracer.trim() != "0")
    })
}

/// The times of the lines of a log that tell of a fault.
fn injected(log: &Path) -> Vec<f64> {
    let text = std::fs::read_to_string(log).unwrap_or_default();
    let time = |line: &str| line.split_whitespace().nth(1)?.parse().ok();
    text.lines().filter(|line| line.contains("(INJECTED)") || line.contains("(DELAYED)")).filter_map(time).collect()
}

/// The journal file that a server writes to.
pub fn journal_file(server: &Server) -> Result<PathBuf, String> {
    let open = std::fs::read_dir(format!("/proc/{}/fd", server.pid())).map_err(|e| e.to_string())?;
    let files = open.flatten().filter_map(|fd| std::fs::read_link(fd.path()).ok());
    let journals = files.filter(|path| path.extension().is_some_and(|extension| extension == "journal"));
    journals.max().ok_or_else(|| "no journal file is open".to_owned())
}
