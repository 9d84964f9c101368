//! Error texts of verbs about channels.

use super::{Refusal, owned};

/// The line for a verb that a RESP2 connection cannot call while it listens.
pub fn cannot_now(name: &str) -> Refusal {
    owned(format!(
        "ERR Can't execute '{name}': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this context"
    ))
}

/// The line for a subcommand of PUBSUB with too many arguments.
pub fn too_many(name: &[u8]) -> Refusal {
    super::unknown_or_arity("PUBSUB", name)
}
