//! Finds the entries in the answer to XREADGROUP, in either protocol. The answer must be whole (see `replies`).

/// One entry of a stream.
pub(super) struct Entry<'a> {
    pub(super) id: &'a [u8],
    /// The value of its first field; empty when it has none.
    pub(super) value: &'a [u8],
}

/// Calls `each` for every entry; returns how many there were. A null answer has none.
pub(super) fn for_each<'a>(reply: &'a [u8], mut each: impl FnMut(Entry<'a>)) -> usize {
    let mut seen = 0;
    let mut cursor = Cursor { rest: reply };
    // An answer of another shape simply ends the walk: what was found so far stands.
    let _ = cursor.streams(&mut |entry| {
        seen += 1;
        each(entry);
    });
    seen
}

struct Cursor<'a> {
    rest: &'a [u8],
}

impl<'a> Cursor<'a> {
    fn streams(&mut self, each: &mut impl FnMut(Entry<'a>)) -> Option<()> {
        let (tag, streams) = self.head()?;
        for _ in 0..streams {
            // RESP2: an array of pairs; RESP3: a map.
            if tag != b'%' {
                self.head()?;
            }
            self.bulk()?;
            let (_, entries) = self.head()?;
            for _ in 0..entries {
                each(self.entry()?);
            }
        }
        Some(())
    }

    fn entry(&mut self) -> Option<Entry<'a>> {
        self.head()?;
        let id = self.bulk()?;
        let (_, fields) = self.head()?;
        let mut value: &[u8] = b"";
        for i in 0..fields {
            let text = self.bulk()?;
            if i == 1 {
                value = text;
            }
        }
        Some(Entry { id, value })
    }

    /// The type and length of what comes next; a null has length 0.
    fn head(&mut self) -> Option<(u8, usize)> {
        let end = memchr::memchr(b'\n', self.rest)?;
        let line = self.rest.get(1..end.checked_sub(1)?)?;
        let tag = self.rest[0];
        self.rest = &self.rest[end + 1..];
        let length = line.iter().try_fold(0usize, |n, b| b.is_ascii_digit().then(|| n * 10 + usize::from(b - b'0')));
        Some((tag, length.unwrap_or(0)))
    }

    fn bulk(&mut self) -> Option<&'a [u8]> {
        let (_, length) = self.head()?;
        let text = self.rest.get(..length)?;
        self.rest = self.rest.get(length + 2..)?;
        Some(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENTRIES: &str = "*2\r\n*2\r\n$3\r\n1-0\r\n*2\r\n$1\r\nf\r\n$2\r\nv1\r\n*2\r\n$3\r\n2-0\r\n*-1\r\n";

    #[test]
    fn entries_of_both_protocols() {
        for head in ["*1\r\n*2\r\n$1\r\ns\r\n", "%1\r\n$1\r\ns\r\n"] {
            let reply = format!("{head}{ENTRIES}");
            let mut got = vec![];
            assert_eq!(for_each(reply.as_bytes(), |e| got.push((e.id.to_vec(), e.value.to_vec()))), 2);
            assert_eq!(got, [(b"1-0".to_vec(), b"v1".to_vec()), (b"2-0".to_vec(), vec![])]);
        }
    }

    #[test]
    fn nothing_and_nonsense() {
        for reply in [&b"*-1\r\n"[..], b"_\r\n", b"*0\r\n", b"-ERR x\r\n", b"*1\r\n", b""] {
            assert_eq!(for_each(reply, |_| ()), 0);
        }
    }
}
