//! How much memory the process uses.

/// What the allocator counts, in bytes. Without a counting allocator only `resident` is known and stands for the rest.
#[derive(Clone, Copy, Debug, Default)]
pub struct Allocator {
    /// Allocated by the program, C++ included.
    pub allocated: u64,
    /// In pages that hold at least one allocation.
    pub active: u64,
    /// In physical pages that the allocator holds.
    pub resident: u64,
    /// Returned to the system, but still mapped.
    pub retained: u64,
    /// The allocator's name.
    pub name: &'static str,
}

/// Bytes that the program has allocated, C++ included; without a counting allocator, the resident set.
pub fn used() -> u64 {
    allocator().allocated
}

/// The allocator's figures.
#[cfg(all(feature = "jemalloc", target_os = "linux", target_env = "gnu"))]
pub fn allocator() -> Allocator {
    use tikv_jemalloc_ctl::{epoch, stats};
    let _ = epoch::advance();
    Allocator {
        allocated: stats::allocated::read().unwrap_or(0) as u64,
        active: stats::active::read().unwrap_or(0) as u64,
        resident: stats::resident::read().unwrap_or(0) as u64,
        retained: stats::retained::read().unwrap_or(0) as u64,
        name: "jemalloc",
    }
}

/// The allocator's figures.
#[cfg(not(all(feature = "jemalloc", target_os = "linux", target_env = "gnu")))]
pub fn allocator() -> Allocator {
    let resident = resident();
    Allocator { allocated: resident, active: resident, resident, retained: 0, name: "libc" }
}

/// From now on memory that is freed goes back to the system at once, not some seconds later.
#[cfg(all(feature = "jemalloc", target_os = "linux", target_env = "gnu"))]
pub fn give_back_at_once() {
    use tikv_jemalloc_ctl::{Access, AsName};
    // Arenas to come, and all that there are (4096 stands for these).
    for name in [&b"arenas.dirty_decay_ms\0"[..], b"arena.4096.dirty_decay_ms\0"] {
        let _ = name.name().write(0_isize);
    }
}

/// From now on memory that is freed goes back to the system at once. Nothing to do without an allocator that waits.
#[cfg(not(all(feature = "jemalloc", target_os = "linux", target_env = "gnu")))]
pub fn give_back_at_once() {}

/// Bytes of the resident set, from the kernel; 0 where it does not say.
pub fn resident() -> u64 {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages: u64 = statm.split(' ').nth(1).and_then(|n| n.parse().ok()).unwrap_or(0);
    pages * rustix::param::page_size() as u64
}

/// Bytes of physical memory in the machine; 0 where the system does not say.
pub fn installed() -> u64 {
    #[cfg(target_os = "linux")]
    {
        let info = rustix::system::sysinfo();
        info.totalram * u64::from(info.mem_unit)
    }
    #[cfg(not(target_os = "linux"))]
    0
}
