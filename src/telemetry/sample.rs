//! The process and its disk as they were at one moment. Taking it costs system calls, so it is taken outside the engine
//! lock, ten times a second (the disk's part once a second), and commands read the last one.

use super::memory::{self, Allocator};
use crate::broker::shared::Shared;
use brooklet_storage::backend::BackendStats;

/// Processor time in seconds.
#[derive(Clone, Copy, Debug, Default)]
pub struct Cpu {
    /// In the kernel.
    pub system: f64,
    /// Outside it.
    pub user: f64,
}

/// The process and its disk.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sample {
    /// When it was taken, monotonic microseconds.
    pub at_us: u64,
    /// The allocator's figures.
    pub allocator: Allocator,
    /// Bytes of the resident set.
    pub resident: u64,
    /// Bytes of physical memory in the machine.
    pub installed: u64,
    /// Processor time of the process.
    pub cpu: Cpu,
    /// Processor time of children that ended.
    pub cpu_children: Cpu,
    /// Processor time of the main thread.
    pub cpu_main_thread: Cpu,
    /// Bytes a restart would have to replay.
    pub journal_bytes: u64,
    /// The backend's own figures, of a moment within the last second.
    pub backend: BackendStats,
    backend_at_us: u64,
}

/// How old the backend's figures may be.
const BACKEND_US: u64 = 1_000_000;

impl Sample {
    /// Looks. Must not be called under the engine lock.
    pub fn take(shared: &Shared, last: &Sample) -> Sample {
        let now_us = shared.clock().monotonic_us();
        let (cpu, cpu_children) = cpu("/proc/self/stat");
        let mut sample = Sample {
            at_us: now_us,
            allocator: memory::allocator(),
            resident: memory::resident(),
            installed: if last.installed == 0 { memory::installed() } else { last.installed },
            cpu,
            cpu_children,
            cpu_main_thread: cpu_of_main_thread(),
            journal_bytes: shared.committer().try_journal_bytes().unwrap_or(last.journal_bytes),
            ..*last
        };
        let stale = last.at_us == 0 || now_us.saturating_sub(last.backend_at_us) >= BACKEND_US;
        if let Some(backend) = shared.backend().filter(|_| stale) {
            sample.backend = backend.stats();
            sample.backend_at_us = now_us;
        }
        sample
    }
}

fn cpu_of_main_thread() -> Cpu {
    cpu(&format!("/proc/self/task/{}/stat", std::process::id())).0
}

/// Own time and that of ended children, from a file of the kernel; zero where there is none.
fn cpu(path: &str) -> (Cpu, Cpu) {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    // The name in parentheses may hold anything; fields are counted from behind it.
    let rest = text.rsplit_once(") ").map_or("", |(_, rest)| rest);
    let fields: Vec<&str> = rest.split(' ').collect();
    let hertz = rustix::param::clock_ticks_per_second() as f64;
    let seconds = |i: usize| fields.get(i).and_then(|f| f.parse::<f64>().ok()).unwrap_or(0.0) / hertz;
    (Cpu { user: seconds(11), system: seconds(12) }, Cpu { user: seconds(13), system: seconds(14) })
}
