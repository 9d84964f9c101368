//! Error texts of string verbs.

use super::texts;

texts! {
    OVERFLOW = "ERR increment or decrement would overflow";
}
