//! What the kernel says of a process. Only Linux has it.

use std::io::{Error, Result};

/// Where a process stands.
#[derive(Clone, Copy, Debug)]
pub struct Usage {
    /// Resident memory.
    pub resident: u64,
    /// The most that ever was resident.
    pub peak: u64,
    /// Bytes that it caused to be written to storage, those of children that have ended included.
    pub written: u64,
    /// Processor time of its own threads, in seconds.
    pub cpu: f64,
}

impl Usage {
    /// Looks now.
    pub fn of(pid: u32) -> Result<Self> {
        let read = |name: &str| std::fs::read_to_string(format!("/proc/{pid}/{name}"));
        let (status, io, stat) = (read("status")?, read("io")?, read("stat")?);
        let absent = |what: &str| Error::other(format!("/proc/{pid} says no {what}"));
        Ok(Self {
            resident: field(&status, "VmRSS:").ok_or_else(|| absent("VmRSS"))? * 1024,
            peak: field(&status, "VmHWM:").ok_or_else(|| absent("VmHWM"))? * 1024,
            written: field(&io, "write_bytes:").ok_or_else(|| absent("write_bytes"))?,
            cpu: cpu(&stat).ok_or_else(|| absent("times"))? / rustix::param::clock_ticks_per_second() as f64,
        })
    }
}

fn field(text: &str, name: &str) -> Option<u64> {
    text.lines().find_map(|line| line.strip_prefix(name))?.split_whitespace().next()?.parse().ok()
}

/// Ticks in user and system mode: fields 14 and 15, counted from behind the name, which may hold anything.
fn cpu(stat: &str) -> Option<f64> {
    let mut fields = stat.rsplit_once(") ")?.1.split(' ').skip(11);
    let (user, system): (u64, u64) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
    Some((user + system) as f64)
}

/// Lets this process open as many files as it needs connections.
pub fn open_many_files(wanted: u64) -> Result<()> {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    if limit.maximum.is_some_and(|most| most < wanted) {
        return Err(Error::other(format!("needs {wanted} file descriptors (ulimit -Hn)")));
    }
    if limit.current.is_some_and(|now| now < wanted) {
        setrlimit(Resource::Nofile, Rlimit { current: Some(wanted), maximum: limit.maximum })?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process() {
        let usage = Usage::of(std::process::id()).unwrap();
        assert!(usage.resident > 0 && usage.peak >= usage.resident);
        assert_eq!(cpu("42 (a (b) c) S 1 2 3 4 5 6 7 8 9 10 111 222 0 0"), Some(333.0));
    }
}
