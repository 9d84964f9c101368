//! The commands that one look at the read buffer found. Owns their bytes; the arguments are offsets into them.
//!
//! Must never know: limits, framing, what the commands mean.

use super::ProtocolError;
use crate::command::args::{Args, Span};
use bytes::Bytes;

/// Complete commands in their order, and the error that follows them, if one does.
#[derive(Debug, Default)]
pub struct Burst {
    /// The bytes of the commands as they arrived (inline commands: unescaped in place), split off the read buffer.
    pub bytes: Bytes,
    /// The arguments of all commands.
    pub spans: Vec<Span>,
    /// Where in `spans` each command ends.
    pub ends: Vec<u32>,
    /// To be answered after the commands; then the connection is closed.
    pub error: Option<ProtocolError>,
}

impl Burst {
    /// Number of commands.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is no command, only an error.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Command `i`; without arguments beyond the end.
    pub fn args(&self, i: usize) -> Args<'_> {
        let start = i.checked_sub(1).and_then(|before| self.ends.get(before)).map_or(0, |&end| end as usize);
        let end = self.ends.get(i).map_or(start, |&end| end as usize);
        Args::new(&self.bytes, self.spans.get(start..end).unwrap_or(&[]))
    }

    /// The commands in their order; each has at least one argument.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Args<'_>> {
        (0..self.len()).map(|i| self.args(i))
    }
}
