//! Error texts of verbs about policies and single messages.

use super::{Refusal, lossy, owned, texts};

texts! {
    TOO_LARGE = "ERR a policy has at most 128 settings, with names and values of at most 1024 bytes";
    TOO_MANY = "ERR there are 10000 policies and templates already";
    STALE_EPOCH = "STALEEPOCH consumers of this group have no epochs, use -1";
    STREAM_FULL = "STREAMFULL the stream holds as many entries as its policy allows, and all of them are still needed";
    DELAY_RANGE = "ERR DELAY-MS must be between 0 and ten years";
}

/// No setting has this name.
pub fn unknown_setting(name: &[u8]) -> Refusal {
    owned(format!("ERR unknown policy setting '{}'", lossy(name)))
}

/// A setting cannot have this value.
pub fn wrong_value(name: &[u8], values: &str) -> Refusal {
    owned(format!("ERR invalid value for policy setting '{}', expected: {values}", lossy(name)))
}
