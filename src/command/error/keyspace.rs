//! Error texts of verbs about keys of any type.

use super::{Refusal, lossy, owned, texts};

texts! {
    SAME_OBJECT = "ERR source and destination objects are the same";
    EXPIRE_NX = "ERR NX and XX, GT or LT options at the same time are not compatible";
    EXPIRE_GT_LT = "ERR GT and LT options at the same time are not compatible";
    DB_NOT_INT32 = "ERR value is out of range, value must between -2147483648 and 2147483647";
    SWAPDB_FIRST = "ERR invalid first DB index";
    SWAPDB_SECOND = "ERR invalid second DB index";
    PATTERN_TOO_LONG = "ERR pattern is too long, at most 1024 bytes are allowed";
    NO_LFU = "ERR An LFU maxmemory policy is not selected, access frequency not tracked. Please note that when switching between policies at runtime LRU and LFU data will take some time to adjust.";
}

/// The line for an option that EXPIRE does not know.
pub fn unsupported_option(option: &[u8]) -> Refusal {
    owned(format!("ERR Unsupported option {}", lossy(option)))
}
