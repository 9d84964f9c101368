//! A blocking connection: send, wait for a reply, or see that none comes.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use crate::decode::{Fault, decode};
use crate::{Protocol, Value};

/// How long a reply that must come may take.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// Why there is no reply.
#[derive(Debug)]
pub enum NoReply {
    /// None came in the time given.
    Silence,
    /// The server closed the connection (or it broke).
    Closed,
    /// Bytes that are no reply.
    Malformed(String),
}

/// One connection.
#[derive(Debug)]
pub struct Client {
    stream: TcpStream,
    unread: Vec<u8>,
}

impl Client {
    /// Connects and, for RESP3, says HELLO. Being asked for a password then is the caller's business.
    ///
    /// # Errors
    /// What the system says, or a refused HELLO.
    pub fn connect(address: SocketAddr, protocol: Protocol) -> std::io::Result<Self> {
        let stream = TcpStream::connect_timeout(&address, PATIENCE)?;
        stream.set_nodelay(true)?;
        stream.set_write_timeout(Some(PATIENCE))?;
        let mut client = Self { stream, unread: Vec::new() };
        if protocol == Protocol::Resp3 {
            match client.call(&["HELLO", "3"]) {
                Ok(Value::Map(_)) => {}
                Ok(Value::Error(why)) if why.starts_with(b"NOAUTH") => {}
                Ok(other) => {
                    let told = crate::write::value(&other);
                    return Err(std::io::Error::other(format!("HELLO 3 was answered {told}")));
                }
                Err(why) => return Err(std::io::Error::other(format!("HELLO 3 was not answered: {why:?}"))),
            }
        }
        Ok(client)
    }

    /// Sends a command and leaves its reply unread.
    ///
    /// # Errors
    /// The connection broke.
    pub fn send<A: AsRef<[u8]>>(&mut self, args: &[A]) -> Result<(), NoReply> {
        self.send_raw(&encode(args))
    }

    /// Sends bytes as they are.
    ///
    /// # Errors
    /// The connection broke.
    pub fn send_raw(&mut self, bytes: &[u8]) -> Result<(), NoReply> {
        self.stream.write_all(bytes).map_err(|_| NoReply::Closed)
    }

    /// The next reply or push, waiting at most `patience`.
    ///
    /// # Errors
    /// See [`NoReply`].
    pub fn read(&mut self, patience: Duration) -> Result<Value, NoReply> {
        let deadline = Instant::now() + patience;
        loop {
            match decode(&self.unread) {
                Ok((value, used)) => {
                    self.unread.drain(..used);
                    return Ok(value);
                }
                Err(Fault::Malformed(why)) => return Err(NoReply::Malformed(why)),
                Err(Fault::Short) => self.fill(deadline)?,
            }
        }
    }

    fn fill(&mut self, deadline: Instant) -> Result<(), NoReply> {
        let left = deadline.saturating_duration_since(Instant::now()).max(Duration::from_micros(50));
        self.stream.set_read_timeout(Some(left)).map_err(|_| NoReply::Closed)?;
        let mut chunk = [0; 64 * 1024];
        match self.stream.read(&mut chunk) {
            Ok(0) => Err(NoReply::Closed),
            Ok(count) => {
                self.unread.extend_from_slice(&chunk[..count]);
                Ok(())
            }
            Err(e) if e.kind() == ErrorKind::Interrupted => Ok(()),
            Err(e) if matches!(e.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => Err(NoReply::Silence),
            Err(_) => Err(NoReply::Closed),
        }
    }

    /// The next reply or push if it is here already. (A read with a short time limit costs a tick of the kernel's clock.)
    ///
    /// # Errors
    /// See [`NoReply`]; [`NoReply::Silence`] when nothing is here.
    pub fn poll(&mut self) -> Result<Value, NoReply> {
        self.stream.set_nonblocking(true).map_err(|_| NoReply::Closed)?;
        let reply = self.read(Duration::ZERO);
        self.stream.set_nonblocking(false).map_err(|_| NoReply::Closed)?;
        reply
    }

    /// Sends a command and reads its reply.
    ///
    /// # Errors
    /// See [`NoReply`].
    pub fn call<A: AsRef<[u8]>>(&mut self, args: &[A]) -> Result<Value, NoReply> {
        self.send(args)?;
        self.read(PATIENCE)
    }
}

/// A command in wire form.
#[must_use]
pub fn encode<A: AsRef<[u8]>>(args: &[A]) -> Vec<u8> {
    let mut out = format!("*{}\r\n", args.len()).into_bytes();
    for arg in args {
        let arg = arg.as_ref();
        out.extend_from_slice(format!("${}\r\n", arg.len()).as_bytes());
        out.extend_from_slice(arg);
        out.extend_from_slice(b"\r\n");
    }
    out
}
