//! Error texts of verbs about sorted sets.

use super::{Refusal, owned, texts};

texts! {
    SCORE_NAN = "ERR resulting score is not a number (NaN)";
    NX_AND_XX = "ERR XX and NX options at the same time are not compatible";
    GT_LT_NX = "ERR GT, LT, and/or NX options at the same time are not compatible";
    INCR_PAIRS = "ERR INCR option supports a single increment-element pair";
    NOT_FLOAT_BOUND = "ERR min or max is not a float";
    NOT_LEX_BOUND = "ERR min or max not valid string range item";
    LIMIT_ALONE = "ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX";
    WITHSCORES_BYLEX = "ERR syntax error, WITHSCORES not supported in combination with BYLEX";
    WEIGHT_NOT_FLOAT = "ERR weight value is not a float";
}

/// The line for a union, intersection or difference of no key.
pub fn no_input_key(command: &str) -> Refusal {
    owned(format!("ERR at least 1 input key is needed for '{command}' command"))
}
