//! Profiles: other defaults for a whole kind of machine. What anybody sets, wherever, wins over them.
//!
//! Must never know: where values come from. Read next: `startup.rs`.

use super::setting::Profile;

/// A machine with little memory, little disk and few clients: under 64 MB resident in steady work.
const EDGE: &[(&str, &str)] = &[
    ("maxmemory", "16mb"),
    ("maxclients", "1000"),
    ("proto-max-bulk-len", "8mb"),
    ("client-query-buffer-limit", "16mb"),
    ("client-output-buffer-limit", "normal 4mb 1mb 60 slave 4mb 1mb 60 pubsub 4mb 1mb 60"),
    ("tracking-table-max-keys", "10000"),
    ("journal-segment-bytes", "4mb"),
    ("io-threads", "1"),
    ("script-memory-limit", "4mb"),
];

impl Profile {
    /// Options and their defaults under this profile, where these are not the usual ones.
    pub(super) fn defaults(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Profile::Default => &[],
            Profile::Edge => EDGE,
        }
    }
}
