//! Error texts of connection verbs.

use super::texts;

texts! {
    UNBLOCKED = "UNBLOCKED client unblocked via CLIENT UNBLOCK";
}
