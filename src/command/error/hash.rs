//! Error texts of verbs about hashes.

use super::{Refusal, lossy, owned, texts};

texts! {
    NOT_INTEGER = "ERR hash value is not an integer";
    NOT_FLOAT = "ERR hash value is not a float";
    INFINITE = "ERR value is NaN or Infinity";
    NUMFIELDS = "ERR Number of fields must be a positive integer";
    NUMFIELDS_EXPIRE = "ERR Parameter `numFields` should be greater than 0";
    NUMFIELDS_SET = "ERR invalid number of fields";
    NUMFIELDS_MISMATCH = "ERR The `numfields` parameter must match the number of arguments";
    NO_FIELDS = "ERR Mandatory argument FIELDS is missing or not at the right position";
    EXPIRE_NEGATIVE = "ERR invalid expire time, must be >= 0";
    TWO_CONDITIONS = "ERR Only one of FXX or FNX arguments can be specified";
    TWO_DEADLINES = "ERR Only one of EX, PX, EXAT, PXAT or KEEPTTL arguments can be specified";
}

/// The line for an option that HSETEX does not know.
pub fn unknown_argument(option: &[u8]) -> Refusal {
    owned(format!("ERR unknown argument: {}", lossy(option)))
}
