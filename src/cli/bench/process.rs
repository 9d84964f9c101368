//! What a process has used, read from `/proc`. Elsewhere than on Linux there is nothing to read and nothing is claimed.

use std::fs;

/// Counters of one process at one moment. CPU time is that of its own threads; a child's (a snapshot, a log rewrite) is
/// not in it, while the bytes of a child that has ended are.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Sample {
    pub(super) user_us: f64,
    pub(super) system_us: f64,
    /// The most memory it ever had resident.
    pub(super) peak_rss_bytes: u64,
    /// Bytes it caused to be written to storage; `None` without the right to read them.
    pub(super) written_bytes: Option<u64>,
}

impl Sample {
    /// The counters of `pid` now.
    pub(super) fn of(pid: u32) -> Option<Sample> {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        let (user, system) = ticks(&stat)?;
        let tick_us = 1e6 / rustix::param::clock_ticks_per_second() as f64;
        let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
        let io = fs::read_to_string(format!("/proc/{pid}/io")).unwrap_or_default();
        Some(Sample {
            user_us: user as f64 * tick_us,
            system_us: system as f64 * tick_us,
            peak_rss_bytes: field(&status, "VmHWM:").unwrap_or(0) * 1024,
            written_bytes: field(&io, "write_bytes:"),
        })
    }

    /// What was used since `earlier`. The memory stays a peak.
    pub(super) fn since(&self, earlier: &Sample) -> Sample {
        Sample {
            user_us: self.user_us - earlier.user_us,
            system_us: self.system_us - earlier.system_us,
            peak_rss_bytes: self.peak_rss_bytes,
            written_bytes: self.written_bytes.zip(earlier.written_bytes).map(|(now, then)| now.saturating_sub(then)),
        }
    }

    pub(super) fn cpu_us(&self) -> f64 {
        self.user_us + self.system_us
    }
}

/// User and system time: fields 14 and 15, counted after the name, which may hold spaces and brackets.
fn ticks(stat: &str) -> Option<(u64, u64)> {
    let mut fields = stat.get(stat.rfind(')')? + 2..)?.split(' ').skip(11);
    Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
}

fn field(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find(|line| line.starts_with(name))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

/// The process that INFO names, if the machine's process of that number runs the program INFO names: a server in a
/// container has another numbering, and somebody else's figures would be worse than none.
pub(super) fn named_by_info(info: &str) -> Option<u32> {
    let value = |name: &str| info.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
    let pid: u32 = value("process_id:")?.parse().ok()?;
    let running = fs::read_link(format!("/proc/{pid}/exe")).ok()?;
    let named = value("executable:").and_then(|path| path.rsplit('/').next()).filter(|name| !name.is_empty());
    named.is_none_or(|name| running.file_name().is_some_and(|f| f == name)).then_some(pid)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_brackets() {
        let stat = "42 (a (b) c) S 1 2 3 4 5 6 7 8 9 10 111 222 0 0";
        assert_eq!(ticks(stat), Some((111, 222)));
        assert_eq!(ticks("42"), None);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn this_process() {
        let sample = Sample::of(std::process::id()).unwrap();
        assert!(sample.peak_rss_bytes > 0);
        let info = format!("# Server\r\nprocess_id:{}\r\nexecutable:/no/such/program\r\n", std::process::id());
        assert_eq!(named_by_info(&info), None);
    }
}
