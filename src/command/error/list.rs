//! Error texts of verbs about lists.

use super::texts;

texts! {
    INDEX = "ERR index out of range";
    RANK_ZERO = "ERR RANK can't be zero: use 1 to start from the first match, 2 from the second ... or use negative to start from the end of the list";
    LPOS_COUNT = "ERR COUNT can't be negative";
    LPOS_MAXLEN = "ERR MAXLEN can't be negative";
}
