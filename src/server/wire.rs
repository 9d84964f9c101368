//! The wire to one client, whichever way it came: TCP, a socket file, or TLS over TCP.
//!
//! A wire reads and writes without waiting, and is waited for apart from that; so whoever serves it waits in one place for
//! many things. Must never know: the protocol, the engine. Read next: `connection.rs`, `encrypted.rs`.

#[cfg(feature = "tls")]
use super::encrypted::Encrypted;
use crate::broker::client::Origin;
use bytes::BytesMut;
use std::future::poll_fn;
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::os::fd::AsRawFd;
use std::path::Path;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UnixStream};

/// A client's wire.
pub enum Wire {
    /// TCP.
    Plain(TcpStream),
    /// Through the socket file of that name.
    Local(UnixStream, Arc<Path>),
    /// TLS over TCP.
    #[cfg(feature = "tls")]
    Encrypted(Box<Encrypted>),
}

impl Wire {
    /// Does what has to be done before anything can be said. Waits for the client, but not for long.
    pub async fn prepare(&mut self) -> io::Result<()> {
        match self {
            Wire::Plain(_) | Wire::Local(..) => Ok(()),
            #[cfg(feature = "tls")]
            Wire::Encrypted(wire) => wire.shake_hands().await,
        }
    }

    /// Ready when there may be something to read. One task at a time may ask.
    pub fn poll_readable(&self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self {
            Wire::Plain(stream) => stream.poll_read_ready(context),
            Wire::Local(stream, _) => stream.poll_read_ready(context),
            #[cfg(feature = "tls")]
            Wire::Encrypted(wire) => wire.poll_readable(context),
        }
    }

    /// Ready when something can be written. One task at a time may ask.
    pub fn poll_writable(&self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self {
            Wire::Plain(stream) => stream.poll_write_ready(context),
            Wire::Local(stream, _) => stream.poll_write_ready(context),
            #[cfg(feature = "tls")]
            Wire::Encrypted(wire) => wire.poll_writable(context),
        }
    }

    /// Appends what has arrived to `buffer`; how many bytes, 0 if the client has closed its side. Pending: there was
    /// nothing, or this task has had its turn; nobody is woken for it.
    pub fn read(&mut self, buffer: &mut BytesMut) -> Poll<io::Result<usize>> {
        match self {
            Wire::Plain(stream) => read_now(stream, buffer),
            Wire::Local(stream, _) => read_now(stream, buffer),
            #[cfg(feature = "tls")]
            Wire::Encrypted(wire) => wire.read(buffer),
        }
    }

    /// Writes what can be written now; how many bytes of `bytes` were taken.
    pub fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Wire::Plain(stream) => stream.try_write(bytes),
            Wire::Local(stream, _) => stream.try_write(bytes),
            #[cfg(feature = "tls")]
            Wire::Encrypted(wire) => wire.write(bytes),
        }
    }

    /// Whether bytes were taken that could not be sent yet.
    pub fn is_holding(&self) -> bool {
        match self {
            Wire::Plain(_) | Wire::Local(..) => false,
            #[cfg(feature = "tls")]
            Wire::Encrypted(wire) => wire.is_holding(),
        }
    }

    /// Sends what was held, as far as that goes now.
    pub fn flush(&mut self) -> io::Result<()> {
        match self {
            Wire::Plain(_) | Wire::Local(..) => Ok(()),
            #[cfg(feature = "tls")]
            Wire::Encrypted(wire) => wire.flush(),
        }
    }

    /// Writes all of `rest`, however long that takes, and closes.
    pub async fn close(&mut self, mut rest: &[u8]) -> io::Result<()> {
        while !rest.is_empty() {
            match self.write(rest) {
                Ok(n) => rest = &rest[n..],
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    poll_fn(|context| self.poll_writable(context)).await?
                }
                Err(error) => return Err(error),
            }
        }
        match self {
            Wire::Plain(stream) => stream.shutdown().await,
            Wire::Local(stream, _) => stream.shutdown().await,
            #[cfg(feature = "tls")]
            Wire::Encrypted(wire) => wire.close().await,
        }
    }

    /// Where the client is, as CLIENT LIST shows it.
    pub fn origin(&self) -> Origin {
        if let Wire::Local(stream, path) = self {
            return Origin::local(&path.display().to_string(), stream.as_raw_fd());
        }
        let Some(stream) = self.tcp() else { return Origin::in_process() };
        let text = |addr: io::Result<SocketAddr>| addr.map(|a| a.to_string()).unwrap_or_default();
        Origin::remote(text(stream.peer_addr()), text(stream.local_addr()), stream.as_raw_fd())
    }

    /// Whether the client is on this machine.
    pub fn is_from_here(&self) -> bool {
        let peer = |stream: &TcpStream| stream.peer_addr().is_ok_and(|peer| peer.ip().to_canonical().is_loopback());
        self.tcp().is_none_or(peer)
    }

    /// Whether a line can be written before [`Wire::prepare`].
    pub fn is_plain(&self) -> bool {
        matches!(self, Wire::Plain(_) | Wire::Local(..))
    }

    /// The TCP connection below, if there is one.
    pub fn tcp(&self) -> Option<&TcpStream> {
        match self {
            Wire::Plain(stream) => Some(stream),
            Wire::Local(..) => None,
            #[cfg(feature = "tls")]
            Wire::Encrypted(wire) => Some(wire.socket()),
        }
    }

    /// Takes it off this event loop.
    pub fn leave(self) -> io::Result<Crossing> {
        match self {
            Wire::Plain(stream) => stream.into_std().map(Crossing::Plain),
            Wire::Local(stream, path) => stream.into_std().map(|stream| Crossing::Local(stream, path)),
            #[cfg(feature = "tls")]
            Wire::Encrypted(wire) => wire.leave().map(|crossing| Crossing::Encrypted(Box::new(crossing))),
        }
    }
}

/// A wire on its way from one event loop to another.
pub enum Crossing {
    /// See [`Wire::Plain`].
    Plain(std::net::TcpStream),
    /// See [`Wire::Local`].
    Local(std::os::unix::net::UnixStream, Arc<Path>),
    /// See [`Wire::Encrypted`].
    #[cfg(feature = "tls")]
    Encrypted(Box<super::encrypted::Crossing>),
}

impl Crossing {
    /// Puts it on this event loop.
    pub fn arrive(self) -> io::Result<Wire> {
        match self {
            Crossing::Plain(stream) => TcpStream::from_std(stream).map(Wire::Plain),
            Crossing::Local(stream, path) => UnixStream::from_std(stream).map(|stream| Wire::Local(stream, path)),
            #[cfg(feature = "tls")]
            Crossing::Encrypted(crossing) => crossing.arrive().map(|wire| Wire::Encrypted(Box::new(wire))),
        }
    }
}

/// Not `try_read`: this way a read that got less than it had room for is known to have emptied the socket, and saves the
/// call that would only find that out.
fn read_now<S: AsyncRead + Unpin>(stream: &mut S, buffer: &mut BytesMut) -> Poll<io::Result<usize>> {
    let mut read = pin!(stream.read_buf(buffer));
    read.as_mut().poll(&mut Context::from_waker(Waker::noop()))
}
