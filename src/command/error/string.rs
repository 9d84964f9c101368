//! Error texts of string verbs.

use super::{Refusal, owned, texts};

texts! {
    OVERFLOW = "ERR increment or decrement would overflow";
    DECREMENT_OVERFLOW = "ERR decrement would overflow";
    NOT_FINITE = "ERR increment would produce NaN or Infinity";
    OFFSET_OUT_OF_RANGE = "ERR offset is out of range";
    TOO_LONG = "ERR string exceeds maximum allowed size (proto-max-bulk-len)";
    DIGEST_LENGTH = "ERR must be exactly 16 hexadecimal characters";
    DELEX_NOT_STRING = "ERR Key should be of string type if conditions are specified";
    DELEX_CONDITION = "ERR Invalid condition. Use IFEQ, IFNE, IFDEQ, or IFDNE";
    MSETEX_NUMKEYS = "ERR invalid numkeys value";
    MSETEX_PAIRS = "ERR wrong number of key-value pairs";
    INCREX_BOUNDS = "ERR LBOUND can't be greater than UBOUND";
    INCREX_ENX = "ERR ENX flag requires an expiration";
    INCREX_APPLIED_OVERFLOW = "ERR applied increment would overflow";
    INCREX_APPLIED_INFINITE = "ERR applied increment would be Infinity";
    LCS_TYPE = "ERR The specified keys must contain string values";
    LCS_LEN_AND_IDX = "ERR If you want both the length and indexes, please just use IDX.";
    LCS_MEMORY = "ERR Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len";
}

/// The line for an integer argument of INCREX that is none; `what` is its name.
pub fn increx_integer(what: &str) -> Refusal {
    owned(format!("ERR {what} is not an integer or out of range"))
}

/// The line for a float argument of INCREX that is none; `what` is its name.
pub fn increx_float(what: &str) -> Refusal {
    owned(format!("ERR {what} is not a valid float"))
}
