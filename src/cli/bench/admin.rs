//! Blocking connections: the greeting of every connection, and the few commands that set a run up.

use super::load::Load;
use super::replies::{Counter, Kind};
use super::request::command;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// How long one answer may take: FLUSHALL of a large server is slow.
const PATIENCE: Duration = Duration::from_secs(120);
const CONNECT: Duration = Duration::from_secs(5);
/// What is read at once.
const READ_BYTES: usize = 16 << 10;

/// A connection on which each command waits for its reply.
pub(super) struct Admin {
    socket: TcpStream,
    counter: Counter,
}

impl Admin {
    /// Connects, chooses the protocol and presents the password, if there is one.
    pub(super) fn connect(address: SocketAddr, load: &Load) -> io::Result<Admin> {
        let connected = TcpStream::connect_timeout(&address, CONNECT);
        let socket = connected.map_err(|e| io::Error::new(e.kind(), format!("{address}: {e}")))?;
        socket.set_nodelay(true)?;
        socket.set_read_timeout(Some(PATIENCE))?;
        let mut admin = Admin { socket, counter: Counter::new() };
        let user = load.user.as_deref().unwrap_or("default");
        match (load.resp, load.password.as_deref()) {
            (2, None) => {}
            // The form that servers without users know too.
            (2, Some(password)) if load.user.is_none() => admin.must(&["AUTH", password])?,
            (2, Some(password)) => admin.must(&["AUTH", user, password])?,
            (_, None) => admin.must(&["HELLO", "3"])?,
            (_, Some(password)) => admin.must(&["HELLO", "3", "AUTH", user, password])?,
        }
        Ok(admin)
    }

    /// Gives the socket to a generator.
    pub(super) fn into_socket(self) -> TcpStream {
        self.socket
    }

    /// The raw reply; an error is one too.
    pub(super) fn call(&mut self, args: &[&str]) -> io::Result<(Kind, Vec<u8>)> {
        let mut out = vec![];
        command(&mut out, &args.iter().map(|arg| arg.as_bytes()).collect::<Vec<_>>());
        self.socket.write_all(&out)?;
        let (mut reply, mut buffer) = (vec![], [0; READ_BYTES]);
        loop {
            let got = self.socket.read(&mut buffer)?;
            if got == 0 {
                return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the server closed the connection"));
            }
            reply.extend_from_slice(&buffer[..got]);
            let mut at = 0;
            while let Some(kind) = self.counter.next(&buffer[..got], &mut at).map_err(io::Error::other)? {
                if kind != Kind::Push {
                    return Ok((kind, reply));
                }
            }
        }
    }

    /// A command that has to succeed.
    pub(super) fn must(&mut self, args: &[&str]) -> io::Result<()> {
        self.text(args).map(drop)
    }

    /// The reply of a command that has to succeed, as text without its first line if it is a bulk string.
    pub(super) fn text(&mut self, args: &[&str]) -> io::Result<String> {
        let (kind, reply) = self.call(args)?;
        let text = String::from_utf8_lossy(&reply);
        if kind == Kind::Error {
            return Err(io::Error::other(format!("{}: {}", args[0], text.trim_end())));
        }
        let body = if matches!(reply.first(), Some(b'$' | b'=')) { text.split_once("\r\n").map(|t| t.1) } else { None };
        Ok(body.unwrap_or(&text).trim_end().to_owned())
    }
}
