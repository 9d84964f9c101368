//! Error texts of transactions.

use super::{Refusal, owned, texts};

texts! {
    NESTED_MULTI = "ERR MULTI calls can not be nested";
    EXEC_WITHOUT_MULTI = "ERR EXEC without MULTI";
    DISCARD_WITHOUT_MULTI = "ERR DISCARD without MULTI";
    WATCH_IN_MULTI = "ERR WATCH inside MULTI is not allowed";
    NOT_IN_MULTI = "ERR Command not allowed inside a transaction";
    ABORTED = "EXECABORT Transaction discarded because of previous errors.";
}

/// The line for an EXEC that was refused itself, and so has ended its transaction.
pub fn aborted_by(refusal: &str) -> Refusal {
    if refusal.starts_with("CROSSSLOT ") {
        return owned(refusal.to_owned());
    }
    let why = refusal.strip_prefix("ERR ").unwrap_or(refusal);
    owned(format!("EXECABORT Transaction discarded because of: {why}"))
}
