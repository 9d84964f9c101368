//! File descriptors: as many clients as the system lets us serve.

use crate::config::Config;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// What is open beside clients: listeners, event loops, the journal, and the backend's files (512 at most).
const OWN: u64 = 640;

/// Raises the process's limit as far as `maxclients` needs and the system allows. Where it allows less, `maxclients` is
/// lowered, so that a client too many is told so instead of being left in the queue; the text says what happened.
pub fn provide(config: &mut Config) -> Option<String> {
    let wanted = u64::from(config.maxclients) + OWN;
    let limit = getrlimit(Resource::Nofile);
    let current = limit.current.unwrap_or(u64::MAX);
    if current >= wanted {
        return None;
    }
    let allowed = limit.maximum.unwrap_or(wanted).min(wanted).max(current);
    let raised = setrlimit(Resource::Nofile, Rlimit { current: Some(allowed), maximum: limit.maximum });
    let usable = if raised.is_ok() { allowed } else { current };
    if usable >= wanted {
        return None;
    }
    let asked = config.maxclients;
    config.maxclients = clients_within(usable);
    Some(format!(
        "maxclients {asked} needs {wanted} file descriptors and the system allows {usable}: {} clients are served; \
         raise the limit (ulimit -n, or LimitNOFILE of the service)",
        config.maxclients
    ))
}

fn clients_within(descriptors: u64) -> u32 {
    u32::try_from(descriptors.saturating_sub(OWN)).unwrap_or(u32::MAX).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_our_own_is_kept_free() {
        assert_eq!(clients_within(1024), 384);
        assert_eq!(clients_within(100), 1);
    }

    #[test]
    fn more_clients_than_the_system_can_serve_are_announced() {
        let mut config = Config::default();
        config.maxclients = u32::MAX;
        let said = provide(&mut config).unwrap_or_default();
        let limit = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
        assert!(limit > u64::from(u32::MAX) || said.contains("maxclients 4294967295 needs"), "{said}");
    }
}
