//! Error texts of verbs about keys of any type.

use super::texts;

texts! {
    SAME_OBJECT = "ERR source and destination objects are the same";
}
