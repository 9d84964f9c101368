//! Finds the next command in the read buffer. Owns the state of a half-arrived request: where it starts, how far it
//! was parsed, how many arguments and which bulk are still to come; so no byte is parsed twice, however it arrives.
//!
//! Must never know: who owns the buffer, how bursts are cut. Never allocates by a number that came from the wire.

use super::limits::{Limits, UNAUTHENTICATED_ARGS, UNAUTHENTICATED_BULK};
use super::{ProtocolError, inline};
use crate::command::args::Span;
use memchr::memchr;

/// What a look at the buffer found.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// A command; its arguments were appended.
    Command,
    /// An empty request (`*0`, `*-1`, a blank line), passed over.
    Nothing,
    /// The rest of a request has not arrived.
    Incomplete,
}

/// The place in the buffer. All offsets count from the buffer's first byte.
#[derive(Debug, Default)]
pub(super) struct Scanner {
    /// Where the current request starts: everything before it is settled.
    start: usize,
    /// The next byte to parse.
    at: usize,
    /// How many bytes from `at` on are known to hold no end of line.
    searched: usize,
    /// Arguments of the current request still to come.
    missing: usize,
    /// The length of the argument that starts at `at`, once its header was read.
    bulk: Option<usize>,
    /// Bytes looked at, for the tests that show the work to be linear.
    #[cfg(test)]
    pub(super) examined: usize,
}

/// A header line and what can be wrong with it.
struct Header {
    marker: u8,
    invalid: ProtocolError,
    too_long: ProtocolError,
}

const MULTIBULK: Header = Header {
    marker: b'*',
    invalid: ProtocolError::InvalidMultibulkLength,
    too_long: ProtocolError::MultibulkLineTooLong,
};

const BULK: Header =
    Header { marker: b'$', invalid: ProtocolError::InvalidBulkLength, too_long: ProtocolError::BulkLineTooLong };

impl Scanner {
    /// Where the current request starts: the end of the last complete one.
    pub(super) fn start(&self) -> usize {
        self.start
    }

    /// Bytes that must arrive before the current argument is complete; none while its length is not known.
    pub(super) fn wanted(&self, arrived: usize) -> Option<usize> {
        self.bulk.map(|len| (self.at + len + 2).saturating_sub(arrived))
    }

    /// The settled bytes were removed from the buffer's front. Returns how many they were.
    pub(super) fn settle(&mut self) -> usize {
        let settled = self.start;
        self.at -= settled;
        self.start = 0;
        settled
    }

    /// Takes one request, or as much of it as has arrived. Not to be called again after an error.
    pub(super) fn step(
        &mut self,
        buf: &mut [u8],
        limits: &Limits,
        spans: &mut Vec<Span>,
    ) -> Result<Step, ProtocolError> {
        if self.missing == 0 {
            match buf.get(self.at) {
                None => return Ok(Step::Incomplete),
                Some(b'*') => match self.multibulk(buf, limits)? {
                    None => return Ok(Step::Incomplete),
                    Some(0) => return Ok(self.finish(Step::Nothing)),
                    Some(count) => self.missing = count,
                },
                Some(_) => return self.inline(buf, limits, spans),
            }
        }
        self.arguments(buf, limits, spans)
    }

    fn finish(&mut self, step: Step) -> Step {
        self.start = self.at;
        step
    }

    /// Reads `*count`; a negative count is none.
    fn multibulk(&mut self, buf: &[u8], limits: &Limits) -> Result<Option<usize>, ProtocolError> {
        let Some(count) = self.header(&MULTIBULK, buf, limits)? else { return Ok(None) };
        let count = usize::try_from(count.max(0)).map_err(|_| MULTIBULK.invalid)?;
        if count > limits.max_args {
            return Err(MULTIBULK.invalid);
        }
        if count > UNAUTHENTICATED_ARGS && !limits.authenticated {
            return Err(ProtocolError::UnauthenticatedMultibulkLength);
        }
        Ok(Some(count))
    }

    /// Takes the arguments that have arrived.
    fn arguments(&mut self, buf: &[u8], limits: &Limits, spans: &mut Vec<Span>) -> Result<Step, ProtocolError> {
        self.usual_arguments(buf, limits, spans);
        while self.missing > 0 {
            let len = match self.bulk {
                Some(len) => len,
                None => match self.bulk_length(buf, limits)? {
                    Some(len) => len,
                    None => return Ok(Step::Incomplete),
                },
            };
            let end = self.at + len;
            if buf.len() < end + 2 {
                self.bulk = Some(len);
                return Ok(Step::Incomplete);
            }
            spans.push(Span { start: self.at as u32, end: end as u32 });
            self.at = end + 2;
            self.bulk = None;
            self.missing -= 1;
        }
        Ok(self.finish(Step::Command))
    }

    /// Takes arguments as long as they are whole, short and in their usual form, which almost all are; says nothing about
    /// the next one. The place stays in registers: this loop is a third of what decoding costs.
    #[inline]
    fn usual_arguments(&mut self, buf: &[u8], limits: &Limits, spans: &mut Vec<Span>) {
        if self.bulk.is_some() || self.searched > 0 {
            return;
        }
        let longest = limits.max_bulk.min(UNAUTHENTICATED_BULK);
        let last = buf.len().min(self.start.saturating_add(limits.request()));
        let (mut at, mut missing) = (self.at, self.missing);
        while missing > 0
            && let Some((b'$', line)) = buf.get(at..).and_then(<[u8]>::split_first)
            && let Some((len, used)) = usual_length(line)
            && len <= longest
            && at + 1 + used + len + 2 <= last
        {
            let start = at + 1 + used;
            spans.push(Span { start: start as u32, end: (start + len) as u32 });
            at = start + len + 2;
            missing -= 1;
        }
        (self.at, self.missing) = (at, missing);
    }

    /// Reads `$length` and holds it against the limits.
    fn bulk_length(&mut self, buf: &[u8], limits: &Limits) -> Result<Option<usize>, ProtocolError> {
        let Some(len) = self.header(&BULK, buf, limits)? else { return Ok(None) };
        let len = usize::try_from(len).map_err(|_| BULK.invalid)?;
        if len > limits.max_bulk {
            return Err(BULK.invalid);
        }
        if len > UNAUTHENTICATED_BULK && !limits.authenticated {
            return Err(ProtocolError::UnauthenticatedBulkLength);
        }
        let request = (self.at - self.start).checked_add(len).and_then(|n| n.checked_add(2));
        match request {
            Some(request) if request <= limits.request() => Ok(Some(len)),
            _ => Err(ProtocolError::RequestTooLarge),
        }
    }

    /// Reads the number of a header line and moves behind it; `None` while the line is incomplete.
    fn header(&mut self, header: &Header, buf: &[u8], limits: &Limits) -> Result<Option<i64>, ProtocolError> {
        let line = buf.get(self.at..).unwrap_or(&[]);
        if self.searched == 0
            && let Some((&marker, digits)) = line.split_first()
            && marker == header.marker
            && let Some((number, used)) = usual_length(digits)
        {
            self.at += 1 + used;
            return Ok(Some(number as i64));
        }
        self.long_header(header, line, limits)
    }

    /// Every header that is not in its usual form: incomplete, wrong, or merely very long.
    #[cold]
    fn long_header(&mut self, header: &Header, line: &[u8], limits: &Limits) -> Result<Option<i64>, ProtocolError> {
        // The byte after the carriage return belongs to the line, whatever it is.
        let Some(end) = self.line_end(line, b'\r', limits).map_err(|TooLong| header.too_long)? else { return Ok(None) };
        if line.len() < end + 2 {
            self.searched = end;
            return Ok(None);
        }
        if line[0] != header.marker {
            return Err(ProtocolError::ExpectedBulk(line[0]));
        }
        let number = number(&line[1..end]).ok_or(header.invalid)?;
        self.at += end + 2;
        self.searched = 0;
        Ok(Some(number))
    }

    /// Takes a line as an inline command.
    #[cold]
    fn inline(&mut self, buf: &mut [u8], limits: &Limits, spans: &mut Vec<Span>) -> Result<Step, ProtocolError> {
        let line = &mut buf[self.at..];
        let found = self.line_end(line, b'\n', limits).map_err(|TooLong| ProtocolError::InlineTooLong)?;
        let Some(end) = found else { return Ok(Step::Incomplete) };
        let text = line[..end].strip_suffix(b"\r").map_or(end, <[u8]>::len);
        let before = spans.len();
        inline::split(&mut line[..text], self.at, spans)?;
        self.at += end + 1;
        self.searched = 0;
        Ok(self.finish(if spans.len() > before { Step::Command } else { Step::Nothing }))
    }

    /// Looks for the end of `line`, which starts at `at`, from where the last look stopped. A line is too long when
    /// its end is not within the limit, whether or not it has arrived: else the answer would depend on how the
    /// bytes were cut into reads.
    fn line_end(&mut self, line: &[u8], end: u8, limits: &Limits) -> Result<Option<usize>, TooLong> {
        let allowed = line.len().min(limits.inline_max.saturating_add(1));
        let window = line.get(self.searched..allowed).unwrap_or(&[]);
        let found = memchr(end, window);
        #[cfg(test)]
        {
            self.examined += found.unwrap_or(window.len()) + 1;
        }
        if let Some(i) = found {
            return Ok(Some(self.searched + i));
        }
        if line.len() > limits.inline_max {
            return Err(TooLong);
        }
        self.searched = line.len();
        Ok(None)
    }
}

/// A line has no end within the limit.
struct TooLong;

/// The usual length: up to three digits without leading zeros, a carriage return and one more byte. Returns the number
/// and the length of all that. `None` says nothing more than that it looks different.
#[inline(always)]
fn usual_length(line: &[u8]) -> Option<(usize, usize)> {
    let value = |digit: u8| usize::from(digit - b'0');
    match *line {
        [a @ b'0'..=b'9', b'\r', _, ..] => Some((value(a), 3)),
        [a @ b'1'..=b'9', b @ b'0'..=b'9', b'\r', _, ..] => Some((value(a) * 10 + value(b), 4)),
        [a @ b'1'..=b'9', b @ b'0'..=b'9', c @ b'0'..=b'9', b'\r', _, ..] => {
            Some((value(a) * 100 + value(b) * 10 + value(c), 5))
        }
        _ => None,
    }
}

/// A decimal 64-bit number in the one form that a redis-server accepts: no plus sign, no leading zeros, no blanks.
fn number(text: &[u8]) -> Option<i64> {
    let (negative, digits) = match text {
        [b'-', digits @ ..] => (true, digits),
        digits => (false, digits),
    };
    let first = *digits.first()?;
    if first == b'0' && (negative || digits.len() > 1) {
        return None;
    }
    digits.iter().try_fold(0i64, |n, &byte| {
        let digit = byte.wrapping_sub(b'0');
        (digit <= 9).then_some(())?;
        let (n, digit) = (n.checked_mul(10)?, i64::from(digit));
        if negative { n.checked_sub(digit) } else { n.checked_add(digit) }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_one_form() {
        for (text, expected) in [("0", 0), ("7", 7), ("-7", -7), ("536870912", 536_870_912)] {
            assert_eq!(number(text.as_bytes()), Some(expected));
        }
        assert_eq!(number(b"9223372036854775807"), Some(i64::MAX));
        assert_eq!(number(b"-9223372036854775808"), Some(i64::MIN));
        for wrong in ["", "-", "-0", "00", "01", "+1", " 1", "1 ", "1x", "9223372036854775808", "-9223372036854775809"]
        {
            assert_eq!(number(wrong.as_bytes()), None, "{wrong:?}");
        }
    }

    #[test]
    fn the_usual_form_agrees_with_the_long_one() {
        for n in 0..=1000 {
            let line = format!("{n}\r\n");
            let usual = usual_length(line.as_bytes());
            assert_eq!(usual, (n < 1000).then_some((n, line.len())), "{n}");
            assert_eq!(number(line.trim_end().as_bytes()), Some(n as i64), "{n}");
        }
        for different in ["00\r\n", "01\r\n", "\r\n", "-1\r\n", "1a\r\n", "\n1\r\n", "12\r", "12", "1", ""] {
            assert_eq!(usual_length(different.as_bytes()), None, "{different:?}");
        }
        assert_eq!(usual_length(b"12\r\n$"), Some((12, 4)));
    }
}
