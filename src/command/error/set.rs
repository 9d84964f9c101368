//! Error texts of verbs about sets, some of them shared with sorted sets.

use super::texts;

texts! {
    TOO_MANY_KEYS = "ERR Number of keys can't be greater than number of args";
    LIMIT_NEGATIVE = "ERR LIMIT can't be negative";
}
