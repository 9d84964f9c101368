//! Finds where replies end and whether they are errors, without keeping them.
//!
//! Owns the whole reply grammar of RESP2 and RESP3 (nested and streamed aggregates, attributes, pushes). It takes
//! bytes in pieces of any size and remembers only its place. Must never know what was asked: see `workload/`.

/// What a whole reply turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Anything that is not one of the others.
    Value,
    /// The null of either protocol, at top level.
    Null,
    /// An error, at any depth.
    Error,
    /// An out-of-band message: answers no request.
    Push,
}

/// The bytes are not RESP.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("the server's bytes are not RESP: {0}")]
pub(super) struct Malformed(&'static str);

/// Deeper nesting than this is refused: no reply of any server comes near it.
const MAX_DEPTH: usize = 128;
/// So much of the first error's text is kept.
const MAX_ERROR_TEXT: usize = 256;
/// A streamed aggregate: its length is known when its end comes.
const UNTIL_END: u64 = u64::MAX;

#[derive(Clone, Copy, Debug)]
enum State {
    /// The next byte says the type.
    Type,
    /// In a line that is its own value.
    Text { error: bool },
    /// In the length line of type `of`.
    Length { of: u8, value: u64, negative: bool, streamed: bool },
    /// In a body (with its line end) of which `left` bytes are to come.
    Body { left: u64, error: bool },
    /// In the line after the `.` that ends a streamed aggregate.
    End,
}

/// An aggregate whose elements are being read.
#[derive(Clone, Copy, Debug)]
struct Open {
    left: u64,
    /// An attribute belongs to the value after it and is not a value itself.
    attribute: bool,
}

/// Counts replies in a stream of bytes.
#[derive(Debug)]
pub(super) struct Counter {
    state: State,
    open: Vec<Open>,
    kind: Kind,
    error_text: Vec<u8>,
    error_text_whole: bool,
}

impl Counter {
    pub(super) fn new() -> Self {
        Counter {
            state: State::Type,
            open: Vec::new(),
            kind: Kind::Value,
            error_text: Vec::new(),
            error_text_whole: false,
        }
    }

    /// Reads `chunk` from `at` up to the end of the next whole reply and says what that was; `None` when the chunk is
    /// used up. The first reply of a chunk may have begun in an earlier one.
    pub(super) fn next(&mut self, chunk: &[u8], at: &mut usize) -> Result<Option<Kind>, Malformed> {
        while *at < chunk.len() {
            let rest = &chunk[*at..];
            let (used, ended) = match self.state {
                State::Type => self.type_byte(rest[0])?,
                State::Length { of, value, negative, streamed } => self.length(rest, of, value, negative, streamed)?,
                State::Body { left, error } => self.body(rest, left, error),
                State::Text { error } => self.text(rest, error),
                State::End => self.end(rest)?,
            };
            *at += used;
            if ended && self.element_ended() {
                return Ok(Some(std::mem::replace(&mut self.kind, Kind::Value)));
            }
        }
        Ok(None)
    }

    /// The text of the first error seen, if any.
    pub(super) fn first_error(&self) -> Option<String> {
        let text = self.error_text.trim_ascii_end();
        (!text.is_empty()).then(|| String::from_utf8_lossy(text).into_owned())
    }

    fn type_byte(&mut self, byte: u8) -> Result<(usize, bool), Malformed> {
        self.state = match byte {
            b'+' | b':' | b',' | b'#' | b'(' => State::Text { error: false },
            b'-' => {
                self.saw_error();
                State::Text { error: self.kind == Kind::Error }
            }
            b'_' => {
                self.saw_null();
                State::Text { error: false }
            }
            b'$' | b'!' | b'=' | b'*' | b'~' | b'%' | b'>' | b'|' | b';' => {
                if byte == b'!' {
                    self.saw_error();
                }
                if byte == b'>' && self.open.is_empty() {
                    self.kind = Kind::Push;
                }
                State::Length { of: byte, value: 0, negative: false, streamed: false }
            }
            b'.' => State::End,
            _ => return Err(Malformed("an unknown type byte")),
        };
        Ok((1, false))
    }

    fn length(
        &mut self,
        rest: &[u8],
        of: u8,
        mut value: u64,
        mut negative: bool,
        mut streamed: bool,
    ) -> Result<(usize, bool), Malformed> {
        for (i, &byte) in rest.iter().enumerate() {
            match byte {
                b'0'..=b'9' => {
                    let digit = u64::from(byte - b'0');
                    // One bit is spared so that a map's elements and a body's line end cannot overflow.
                    value = match value.checked_mul(10).map(|v| v + digit) {
                        Some(v) if v < 1 << 62 => v,
                        _ => return Err(Malformed("a length out of range")),
                    };
                }
                b'-' => negative = true,
                b'?' => streamed = true,
                b'\r' => {}
                b'\n' => {
                    let ended = self.sized(of, value, negative, streamed)?;
                    return Ok((i + 1, ended));
                }
                _ => return Err(Malformed("a length that is no number")),
            }
        }
        self.state = State::Length { of, value, negative, streamed };
        Ok((rest.len(), false))
    }

    /// A length line has been read: what follows? True when the element is whole already.
    fn sized(&mut self, of: u8, value: u64, negative: bool, streamed: bool) -> Result<bool, Malformed> {
        self.state = State::Type;
        if negative {
            self.saw_null();
            return Ok(true);
        }
        match (of, value) {
            (b'$', _) if streamed => self.open(UNTIL_END, false).map(|()| false),
            (b';', 0) => self.close_streamed(),
            (b'$' | b'!' | b'=' | b';', _) => {
                self.state = State::Body { left: value + 2, error: of == b'!' && self.kind == Kind::Error };
                Ok(false)
            }
            _ if streamed => self.open(UNTIL_END, of == b'|').map(|()| false),
            // An empty attribute: the value it belongs to is still to come.
            (b'|', 0) => Ok(false),
            (_, 0) => Ok(true),
            (b'|' | b'%', n) => self.open(2 * n, of == b'|').map(|()| false),
            (_, n) => self.open(n, false).map(|()| false),
        }
    }

    fn open(&mut self, left: u64, attribute: bool) -> Result<(), Malformed> {
        if self.open.len() == MAX_DEPTH {
            return Err(Malformed("nested too deeply"));
        }
        self.open.push(Open { left, attribute });
        Ok(())
    }

    /// Ends the innermost aggregate, which must be streamed. True unless it was an attribute.
    fn close_streamed(&mut self) -> Result<bool, Malformed> {
        match self.open.pop() {
            Some(open) if open.left == UNTIL_END => Ok(!open.attribute),
            _ => Err(Malformed("an end without a beginning")),
        }
    }

    fn body(&mut self, rest: &[u8], left: u64, error: bool) -> (usize, bool) {
        let used = usize::try_from(left).map_or(rest.len(), |left| left.min(rest.len()));
        if error {
            self.keep_error_text(&rest[..used]);
        }
        let left = left - used as u64;
        if left > 0 {
            self.state = State::Body { left, error };
            return (used, false);
        }
        self.error_text_whole |= error;
        self.state = State::Type;
        (used, true)
    }

    fn text(&mut self, rest: &[u8], error: bool) -> (usize, bool) {
        let end = memchr::memchr(b'\n', rest);
        let used = end.map_or(rest.len(), |i| i + 1);
        if error {
            self.keep_error_text(&rest[..used]);
        }
        if end.is_some() {
            self.error_text_whole |= error;
            self.state = State::Type;
        }
        (used, end.is_some())
    }

    fn end(&mut self, rest: &[u8]) -> Result<(usize, bool), Malformed> {
        match memchr::memchr(b'\n', rest) {
            None => Ok((rest.len(), false)),
            Some(i) => {
                self.state = State::Type;
                Ok((i + 1, self.close_streamed()?))
            }
        }
    }

    /// A value is whole; true when no aggregate around it waits for more.
    fn element_ended(&mut self) -> bool {
        while let Some(open) = self.open.last_mut() {
            if open.left == UNTIL_END {
                return false;
            }
            open.left -= 1;
            if open.left > 0 {
                return false;
            }
            let attribute = open.attribute;
            self.open.pop();
            if attribute {
                return false;
            }
        }
        true
    }

    fn saw_error(&mut self) {
        if self.kind != Kind::Push {
            self.kind = Kind::Error;
        }
    }

    fn saw_null(&mut self) {
        if self.open.is_empty() && self.kind == Kind::Value {
            self.kind = Kind::Null;
        }
    }

    fn keep_error_text(&mut self, text: &[u8]) {
        if !self.error_text_whole {
            let room = MAX_ERROR_TEXT - self.error_text.len();
            self.error_text.extend_from_slice(&text[..text.len().min(room)]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn kinds(chunks: &[&[u8]]) -> Vec<Kind> {
        let mut counter = Counter::new();
        let mut seen = vec![];
        for chunk in chunks {
            let mut at = 0;
            while let Some(kind) = counter.next(chunk, &mut at).unwrap() {
                seen.push(kind);
            }
            assert_eq!(at, chunk.len());
        }
        seen
    }

    #[test]
    fn both_protocols() {
        for (bytes, kind) in [
            (&b"+OK\r\n"[..], Kind::Value),
            (b":-12\r\n", Kind::Value),
            (b"$0\r\n\r\n", Kind::Value),
            (b"$5\r\na\r\nbc\r\n", Kind::Value),
            (b"$-1\r\n", Kind::Null),
            (b"*-1\r\n", Kind::Null),
            (b"_\r\n", Kind::Null),
            (b"*1\r\n_\r\n", Kind::Value),
            (b"*0\r\n", Kind::Value),
            (b"-ERR no\r\n", Kind::Error),
            (b"!6\r\nERR no\r\n", Kind::Error),
            (b"*2\r\n+OK\r\n-ERR nested\r\n", Kind::Error),
            (b",1.5\r\n", Kind::Value),
            (b"#t\r\n", Kind::Value),
            (b"(123456789012345678901234567890\r\n", Kind::Value),
            (b"=7\r\ntxt:abc\r\n", Kind::Value),
            (b"~2\r\n:1\r\n:2\r\n", Kind::Value),
            (b"%1\r\n$1\r\nk\r\n*2\r\n:1\r\n*1\r\n:2\r\n", Kind::Value),
            (b">2\r\n$10\r\ninvalidate\r\n*1\r\n-x\r\n", Kind::Push),
            (b"|1\r\n+ttl\r\n:3600\r\n*1\r\n+v\r\n", Kind::Value),
            (b"*1\r\n|1\r\n+ttl\r\n:3600\r\n+v\r\n", Kind::Value),
            (b"|0\r\n+v\r\n", Kind::Value),
            (b"$?\r\n;4\r\nHell\r\n;1\r\no\r\n;0\r\n", Kind::Value),
            (b"*?\r\n:1\r\n%?\r\n+k\r\n*0\r\n.\r\n.\r\n", Kind::Value),
            (b"%0\r\n", Kind::Value),
        ] {
            assert_eq!(kinds(&[bytes]), [kind], "{}", String::from_utf8_lossy(bytes));
        }
    }

    #[test]
    fn refuses_what_is_not_resp() {
        for bytes in [&b"HTTP/1.1 400\r\n"[..], b"$x\r\n", b".\r\n", b";0\r\n", b"$99999999999999999999\r\n"] {
            let mut counter = Counter::new();
            assert!(counter.next(bytes, &mut 0).is_err(), "{}", String::from_utf8_lossy(bytes));
        }
        let deep = b"*1\r\n".repeat(MAX_DEPTH + 1);
        assert!(Counter::new().next(&deep, &mut 0).is_err());
    }

    #[test]
    fn keeps_the_first_error_only() {
        let mut counter = Counter::new();
        let bytes = b"-ERR first\r\n-ERR second\r\n";
        let mut at = 0;
        while counter.next(bytes, &mut at).unwrap().is_some() {}
        assert_eq!(counter.first_error().as_deref(), Some("ERR first"));
        assert_eq!(Counter::new().first_error(), None);
    }

    fn value() -> impl Strategy<Value = Vec<u8>> {
        let bulk = |tag: char| {
            proptest::collection::vec(any::<u8>(), 0..20).prop_map(move |body| {
                let mut out = format!("{tag}{}\r\n", body.len()).into_bytes();
                out.extend_from_slice(&body);
                out.extend_from_slice(b"\r\n");
                out
            })
        };
        let leaf = prop_oneof![
            Just(b"+OK\r\n".to_vec()),
            Just(b"-ERR x\r\n".to_vec()),
            Just(b"_\r\n".to_vec()),
            Just(b"$-1\r\n".to_vec()),
            any::<i64>().prop_map(|n| format!(":{n}\r\n").into_bytes()),
            bulk('$'),
            bulk('='),
            bulk('!'),
        ];
        leaf.prop_recursive(4, 40, 5, |inner| {
            (prop_oneof![Just('*'), Just('~'), Just('%')], proptest::collection::vec(inner, 0..5)).prop_map(
                |(tag, mut items)| {
                    let n = if tag == '%' { items.len() / 2 } else { items.len() };
                    items.truncate(if tag == '%' { 2 * n } else { n });
                    let mut out = format!("{tag}{n}\r\n").into_bytes();
                    out.extend(items.concat());
                    out
                },
            )
        })
    }

    proptest! {
        #[test]
        fn counts_alike_however_the_bytes_are_split(
            values in proptest::collection::vec(value(), 1..8),
            cuts in proptest::collection::vec(any::<prop::sample::Index>(), 0..12),
        ) {
            let bytes = values.concat();
            let whole = kinds(&[&bytes]);
            prop_assert_eq!(whole.len(), values.len());
            let mut cuts: Vec<usize> = cuts.iter().map(|c| c.index(bytes.len() + 1)).collect();
            cuts.extend([0, bytes.len()]);
            cuts.sort_unstable();
            let pieces: Vec<&[u8]> = cuts.windows(2).map(|w| &bytes[w[0]..w[1]]).collect();
            prop_assert_eq!(kinds(&pieces), whole);
        }

        #[test]
        fn never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let (mut counter, mut at) = (Counter::new(), 0);
            while let Ok(Some(_)) = counter.next(&bytes, &mut at) {}
        }
    }
}
