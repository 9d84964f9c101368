//! Who is let in: a new connection gets a seat, or a line that says why not. Must never know: what is said later.

use crate::broker::client::Origin;
use crate::broker::shared::Shared;
use crate::command::error::{PROTECTED, TOO_MANY_CLIENTS};
use crate::session::Seat;
use std::sync::Arc;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

/// A seat for the client behind `stream`; a client that gets none is told why.
pub async fn admit(stream: TcpStream, shared: &Arc<Shared>) -> Option<(TcpStream, Seat)> {
    if is_protected_from(shared, &stream) {
        shared.engine().stats.rejected_connections += 1;
        refuse(stream, PROTECTED).await;
        return None;
    }
    match Seat::open(shared, origin(&stream)) {
        Some(seat) => Some((stream, seat)),
        None => {
            refuse(stream, TOO_MANY_CLIENTS).await;
            None
        }
    }
}

fn origin(stream: &TcpStream) -> Origin {
    use std::os::fd::AsRawFd;
    let text = |addr: std::io::Result<std::net::SocketAddr>| addr.map(|a| a.to_string()).unwrap_or_default();
    Origin { addr: text(stream.peer_addr()), laddr: text(stream.local_addr()), fd: stream.as_raw_fd() }
}

/// Protected mode: without a password only this machine is served, unless the operator insisted.
fn is_protected_from(shared: &Shared, stream: &TcpStream) -> bool {
    let local = stream.peer_addr().is_ok_and(|peer| peer.ip().to_canonical().is_loopback());
    if local {
        return false;
    }
    let engine = shared.engine();
    let config = &engine.config;
    config.protected_mode && engine.access.users.is_open() && !config.insecure
}

async fn refuse(mut stream: TcpStream, line: &str) {
    let line = format!("-{line}\r\n");
    let _ = stream.write_all(line.as_bytes()).await;
}
