//! What the system allows this process. Must never know: the data folder.

use super::finding::Finding;
use crate::cli::descriptors;
use crate::config::Config;
use std::path::Path;

/// What a broker takes beside its budget, in bytes.
const BESIDE: u64 = 64 << 20;
/// Where a limit on the memory of a group of processes stands, in both versions of control groups.
const GROUP_LIMITS: [&str; 2] = ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"];

/// All limits.
pub fn look(config: &Config) -> Vec<Finding> {
    let mut findings = vec![descriptors(config), memory(config)];
    findings.extend(huge_pages());
    findings
}

fn descriptors(config: &Config) -> Finding {
    match descriptors::provide(&mut config.clone()) {
        None => Finding::well("clients", format!("{} at once", config.maxclients)),
        Some(fewer) => {
            Finding::doubtful("clients", fewer, "clients beyond that are told so and closed", "raise the limit")
        }
    }
}

fn memory(config: &Config) -> Finding {
    let machine = std::fs::read_to_string("/proc/meminfo").ok().and_then(|text| total(&text));
    let group = GROUP_LIMITS.iter().find_map(|path| std::fs::read_to_string(Path::new(path)).ok()?.trim().parse().ok());
    let allowed = machine.into_iter().chain(group).min();
    held_against(config.memory_budget(), allowed)
}

/// The machine's memory in bytes.
fn total(meminfo: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    Some(line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()? * 1024)
}

fn held_against(budget: u64, allowed: Option<u64>) -> Finding {
    let Some(allowed) = allowed else {
        return Finding::well(
            "memory",
            format!("a budget of {} MB; the system does not say what it has", budget >> 20),
        );
    };
    let seen = format!("a budget of {} MB where {} MB are allowed", budget >> 20, allowed >> 20);
    if budget + budget / 4 + BESIDE > allowed {
        let follows = "under load the system may end the process (nothing acknowledged is lost by that)";
        return Finding::doubtful("memory", seen, follows, "lower maxmemory, or raise the limit");
    }
    Finding::well("memory", seen)
}

/// Pages of 2 MB that the system makes of small ones cost memory, and time when they are split.
fn huge_pages() -> Option<Finding> {
    let mode = std::fs::read_to_string("/sys/kernel/mm/transparent_hugepage/enabled").ok()?;
    let always = mode.contains("[always]");
    let cure = "echo madvise > /sys/kernel/mm/transparent_hugepage/enabled";
    Some(match always {
        true => Finding::doubtful("huge pages", "always", "more memory than needed, and pauses", cure),
        false => Finding::well("huge pages", "only for who asks"),
    })
}

#[cfg(test)]
mod tests {
    use super::super::finding::Weight;
    use super::*;

    #[test]
    fn a_budget_that_does_not_fit_is_told() {
        assert_eq!(held_against(256 << 20, Some(512 << 20)).weight, Weight::Well);
        assert_eq!(held_against(256 << 20, Some(300 << 20)).weight, Weight::Doubtful);
        assert_eq!(held_against(256 << 20, None).weight, Weight::Well);
        assert_eq!(total("MemFree: 5 kB\nMemTotal:       24576 kB\n"), Some(24 << 20));
    }
}
