//! A connection for millions of calls: they are written in batches, and their replies are walked through, not decoded.

use std::io::{Error, Read, Result, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// How long a reply may take.
const PATIENCE: Duration = Duration::from_secs(120);
/// What is read at once.
const READ: usize = 256 << 10;

/// A connection that speaks RESP2, with the calls that wait to be sent.
pub struct Pipe {
    stream: TcpStream,
    calls: Vec<u8>,
    queued: usize,
    /// Bytes received; those before `at` are used.
    received: Vec<u8>,
    at: usize,
}

impl Pipe {
    pub fn connect(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect_timeout(&address, PATIENCE)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        Ok(Self { stream, calls: Vec::new(), queued: 0, received: Vec::new(), at: 0 })
    }

    /// Adds a call to the batch.
    pub fn queue(&mut self, args: &[&[u8]]) {
        // A vector takes everything.
        let _ = write!(self.calls, "*{}\r\n", args.len());
        for arg in args {
            let _ = write!(self.calls, "${}\r\n", arg.len());
            self.calls.extend_from_slice(arg);
            self.calls.extend_from_slice(b"\r\n");
        }
        self.queued += 1;
    }

    /// Sends the batch and reads its replies; shows each string in them. An error is one, wherever it stands.
    pub fn exchange(&mut self, seen: &mut dyn FnMut(&[u8])) -> Result<()> {
        self.stream.write_all(&self.calls)?;
        self.calls.clear();
        for _ in 0..std::mem::take(&mut self.queued) {
            self.reply(seen)?;
        }
        Ok(())
    }

    /// One call alone.
    pub fn call(&mut self, args: &[&[u8]], seen: &mut dyn FnMut(&[u8])) -> Result<()> {
        self.queue(args);
        self.exchange(seen)
    }

    fn reply(&mut self, seen: &mut dyn FnMut(&[u8])) -> Result<()> {
        let mut open = 1;
        while open > 0 {
            open -= 1;
            let (kind, number) = self.header()?;
            let number = usize::try_from(number).unwrap_or(0);
            match kind {
                b'*' => open += number,
                b'$' if number > 0 => {
                    self.need(number + 2)?;
                    seen(&self.received[self.at..self.at + number]);
                    self.at += number + 2;
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// The sign that begins an element, and its number.
    fn header(&mut self) -> Result<(u8, i64)> {
        let len = loop {
            if let Some(len) = self.received[self.at..].iter().position(|b| *b == b'\n') {
                break len;
            }
            self.fill()?;
        };
        let line = &self.received[self.at..self.at + len];
        let (kind, text) =
            (line.first().copied().unwrap_or(b'-'), String::from_utf8_lossy(line.get(1..).unwrap_or(&[])));
        if kind == b'-' {
            return Err(Error::other(format!("the server answers {}", text.trim_end())));
        }
        let number = text.trim_end().parse().unwrap_or(0);
        self.at += len + 1;
        Ok((kind, if kind == b'$' && number == 0 { self.empty()? } else { number }))
    }

    /// An empty string still has its line end.
    fn empty(&mut self) -> Result<i64> {
        self.need(2)?;
        self.at += 2;
        Ok(0)
    }

    fn need(&mut self, bytes: usize) -> Result<()> {
        while self.received.len() - self.at < bytes {
            self.fill()?;
        }
        Ok(())
    }

    fn fill(&mut self) -> Result<()> {
        self.received.drain(..std::mem::take(&mut self.at));
        let before = self.received.len();
        self.received.resize(before + READ, 0);
        let read = self.stream.read(&mut self.received[before..]);
        self.received.truncate(before + read.as_ref().map_or(0, |n| *n));
        match read? {
            0 => Err(Error::other("the server closed the connection")),
            _ => Ok(()),
        }
    }
}

/// Whether a string in a reply is an entry's id. (No payload of ours has only digits and a dash.)
pub fn is_id(text: &[u8]) -> bool {
    let mut parts = text.split(|b| *b == b'-');
    let digits = |part: Option<&[u8]>| part.is_some_and(|p| !p.is_empty() && p.iter().all(u8::is_ascii_digit));
    digits(parts.next()) && digits(parts.next()) && parts.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    /// What is seen of a reply that a server gives in pieces.
    fn seen_of(pieces: &'static [&'static str], calls: usize) -> Result<Vec<String>> {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let server = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            for piece in pieces {
                stream.write_all(piece.as_bytes()).unwrap();
                stream.flush().unwrap();
            }
            // Keeps the connection until the client is done.
            let _ = stream.read_to_end(&mut Vec::new());
        });
        let mut pipe = Pipe::connect(address).unwrap();
        (0..calls).for_each(|_| pipe.queue(&[b"PING"]));
        let mut seen = Vec::new();
        let done = pipe.exchange(&mut |text| seen.push(String::from_utf8_lossy(text).into_owned()));
        drop(pipe);
        server.join().unwrap();
        done.map(|()| seen)
    }

    #[test]
    fn replies_are_walked_through() {
        let pieces = ["*2\r\n$3\r\n1-", "0\r\n*2\r\n$1\r\nf\r\n$0\r\n\r", "\n:5\r\n$-1\r\n*-1\r\n+OK\r\n$1\r\nx\r\n"];
        let pieces: &'static [&'static str] = Box::leak(Box::new(pieces));
        assert_eq!(seen_of(pieces, 6).unwrap(), ["1-0", "f", "x"]);
        let why = seen_of(&["+OK\r\n-ERR no\r\n"], 2).unwrap_err().to_string();
        assert_eq!(why, "the server answers ERR no");
    }

    #[test]
    fn ids() {
        assert_eq!(
            ["1-0", "1763770000000-12", "-", "1", "1-", "a-1", "1-2-3"].map(|t| is_id(t.as_bytes())),
            [true, true, false, false, false, false, false]
        );
    }
}
