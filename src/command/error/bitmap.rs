//! Error texts of verbs about bits.

use super::{Refusal, owned, texts};

texts! {
    OFFSET = "ERR bit offset is not an integer or out of range";
    BIT = "ERR bit is not an integer or out of range";
    BIT_ARGUMENT = "ERR The bit argument must be 1 or 0.";
    NOT_SOURCES = "ERR BITOP NOT must be called with a single source key.";
    FIELD_TYPE = "ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported but i64 is.";
    OVERFLOW_TYPE = "ERR Invalid OVERFLOW type specified";
    READ_ONLY = "ERR BITFIELD_RO only supports the GET subcommand";
}

/// The line for an operation that needs a second string.
pub fn two_sources(operation: &str) -> Refusal {
    owned(format!("ERR BITOP {operation} must be called with at least two source keys."))
}
