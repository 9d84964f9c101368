//! TLS over TCP: rustls turns bytes of the socket into bytes of the client and back.
//!
//! rustls owns no socket: bytes are put in and taken out without waiting, which is what a [`super::wire::Wire`] does. What it
//! holds is bounded: it takes 64 KiB at most that are not sent yet, and what arrived is taken out at once. Must never
//! know: certificates (`tls.rs`), the protocol.

use bytes::BytesMut;
use rustls::{ServerConfig, ServerConnection};
use std::io::{self, ErrorKind, IoSlice, Read, Write};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

/// How long a client may take to shake hands.
const HANDSHAKE: Duration = Duration::from_secs(5);

/// Bytes that are taken from a client at once.
const READ_BYTES: usize = 64 << 10;

/// A client's encrypted wire.
pub struct Encrypted {
    socket: TcpStream,
    session: ServerConnection,
    /// Bytes of the client that are decrypted and not taken yet.
    arrived: usize,
    /// The client has said that nothing more will come.
    is_over: bool,
}

impl Encrypted {
    /// A wire that has to shake hands first.
    pub fn new(socket: TcpStream, identity: Arc<ServerConfig>) -> io::Result<Encrypted> {
        let session = ServerConnection::new(identity).map_err(io::Error::other)?;
        Ok(Encrypted { socket, session, arrived: 0, is_over: false })
    }

    /// The connection below.
    pub fn socket(&self) -> &TcpStream {
        &self.socket
    }

    /// Agrees on keys with the client, and looks at its certificate if it has to have one.
    pub async fn shake_hands(&mut self) -> io::Result<()> {
        tokio::time::timeout(HANDSHAKE, self.agree()).await?
    }

    async fn agree(&mut self) -> io::Result<()> {
        loop {
            self.flush_all().await?;
            if !self.session.is_handshaking() {
                return Ok(());
            }
            self.socket.readable().await?;
            match self.receive() {
                Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
                Err(error) if error.kind() != ErrorKind::WouldBlock => return Err(error),
                _ => {}
            }
        }
    }

    /// See [`super::wire::Wire::poll_readable`].
    pub fn poll_readable(&self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.arrived > 0 || self.is_over { Poll::Ready(Ok(())) } else { self.socket.poll_read_ready(context) }
    }

    /// See [`super::wire::Wire::poll_writable`].
    pub fn poll_writable(&self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.socket.poll_write_ready(context)
    }

    /// See [`super::wire::Wire::read`].
    pub fn read(&mut self, buffer: &mut BytesMut) -> Poll<io::Result<usize>> {
        let mut taken = 0;
        let end = loop {
            match self.take(buffer) {
                Ok(n) => taken += n,
                Err(error) => break Some(Err(error)),
            }
            if taken >= READ_BYTES {
                break None;
            }
            match self.receive() {
                Ok(0) => break Some(Ok(0)),
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => break None,
                Err(error) => break Some(Err(error)),
            }
        };
        match end {
            // What ended it will be found again once this much is taken.
            _ if taken > 0 => Poll::Ready(Ok(taken)),
            Some(end) => Poll::Ready(end),
            None => Poll::Pending,
        }
    }

    /// Appends to `buffer` what is decrypted.
    fn take(&mut self, buffer: &mut BytesMut) -> io::Result<usize> {
        let (start, n) = (buffer.len(), std::mem::take(&mut self.arrived));
        buffer.resize(start + n, 0);
        self.session.reader().read_exact(&mut buffer[start..])?;
        Ok(n)
    }

    /// Decrypts some of what the socket has; 0 if nothing more will come.
    fn receive(&mut self) -> io::Result<usize> {
        if self.is_over {
            return Ok(0);
        }
        let n = self.session.read_tls(&mut Socket(&self.socket))?;
        match self.session.process_new_packets() {
            Ok(state) => {
                self.arrived = state.plaintext_bytes_to_read();
                self.is_over = state.peer_has_closed();
                Ok(n)
            }
            Err(error) => {
                // The client is told what was wrong, if it listens.
                let _ = self.flush();
                Err(io::Error::new(ErrorKind::InvalidData, error))
            }
        }
    }

    /// See [`super::wire::Wire::write`].
    pub fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.flush()?;
        let n = self.session.writer().write(bytes)?;
        match self.flush() {
            Err(error) if error.kind() != ErrorKind::WouldBlock => Err(error),
            _ => Ok(n),
        }
    }

    /// See [`super::wire::Wire::is_holding`].
    pub fn is_holding(&self) -> bool {
        self.session.wants_write()
    }

    /// See [`super::wire::Wire::flush`].
    pub fn flush(&mut self) -> io::Result<()> {
        while self.session.wants_write() {
            self.session.write_tls(&mut Socket(&self.socket))?;
        }
        Ok(())
    }

    async fn flush_all(&mut self) -> io::Result<()> {
        loop {
            match self.flush() {
                Err(error) if error.kind() == ErrorKind::WouldBlock => self.socket.writable().await?,
                done => return done,
            }
        }
    }

    /// Says that nothing more will come, and closes.
    pub async fn close(&mut self) -> io::Result<()> {
        self.session.send_close_notify();
        self.flush_all().await?;
        self.socket.shutdown().await
    }

    /// See [`super::wire::Wire::leave`].
    pub fn leave(self) -> io::Result<Crossing> {
        Ok(Crossing {
            socket: self.socket.into_std()?,
            session: self.session,
            arrived: self.arrived,
            is_over: self.is_over,
        })
    }
}

/// An encrypted wire between two event loops.
pub struct Crossing {
    socket: std::net::TcpStream,
    session: ServerConnection,
    arrived: usize,
    is_over: bool,
}

impl Crossing {
    /// See [`super::wire::Crossing::arrive`].
    pub fn arrive(self) -> io::Result<Encrypted> {
        let socket = TcpStream::from_std(self.socket)?;
        Ok(Encrypted { socket, session: self.session, arrived: self.arrived, is_over: self.is_over })
    }
}

/// A socket that does not wait.
struct Socket<'a>(&'a TcpStream);

impl Read for Socket<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.try_read(buffer)
    }
}

impl Write for Socket<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.try_write(bytes)
    }

    fn write_vectored(&mut self, parts: &[IoSlice<'_>]) -> io::Result<usize> {
        self.0.try_write_vectored(parts)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
