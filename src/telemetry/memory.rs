//! How much memory the process uses.

/// Bytes that the program has allocated, C++ included.
#[cfg(all(feature = "jemalloc", target_os = "linux", target_env = "gnu"))]
pub fn used() -> u64 {
    use tikv_jemalloc_ctl::{epoch, stats};
    let _ = epoch::advance();
    stats::allocated::read().unwrap_or(0) as u64
}

/// Bytes that the program holds: without a counting allocator, the resident set.
#[cfg(not(all(feature = "jemalloc", target_os = "linux", target_env = "gnu")))]
pub fn used() -> u64 {
    resident()
}

/// Bytes of the resident set, from the kernel; 0 where it does not say.
pub fn resident() -> u64 {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages: u64 = statm.split(' ').nth(1).and_then(|n| n.parse().ok()).unwrap_or(0);
    pages * rustix::param::page_size() as u64
}
