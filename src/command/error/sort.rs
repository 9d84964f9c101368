//! Error texts of SORT.

use super::texts;

texts! {
    NOT_NUMBERS = "ERR One or more scores can't be converted into double";
}
