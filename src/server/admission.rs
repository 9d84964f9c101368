//! Who is let in: a new connection gets a seat, or a line that says why not. Must never know: what is said later.

use super::wire::Wire;
use crate::broker::shared::Shared;
use crate::command::error::{PROTECTED, TOO_MANY_CLIENTS};
use crate::session::Seat;
use std::sync::Arc;

/// A seat for the client behind `wire`; a client that gets none is told why.
pub async fn admit(wire: Wire, shared: &Arc<Shared>) -> Option<(Wire, Seat)> {
    if is_protected_from(shared, &wire) {
        shared.engine().stats.rejected_connections += 1;
        refuse(wire, PROTECTED).await;
        return None;
    }
    match Seat::open(shared, wire.origin()) {
        Some(seat) => Some((wire, seat)),
        None => {
            refuse(wire, TOO_MANY_CLIENTS).await;
            None
        }
    }
}

/// Protected mode: without a password only this machine is served, unless the operator insisted.
fn is_protected_from(shared: &Shared, wire: &Wire) -> bool {
    if wire.is_from_here() {
        return false;
    }
    let engine = shared.engine();
    let config = &engine.config;
    config.protected_mode && engine.access.users.is_open() && !config.insecure
}

async fn refuse(mut wire: Wire, line: &str) {
    // An encrypted line would cost a handshake, which is what whoever has too many clients cannot afford.
    if wire.is_plain() {
        let _ = wire.write(format!("-{line}\r\n").as_bytes());
        let _ = wire.close(b"").await;
    }
}
