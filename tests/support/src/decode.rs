//! A small decoder of both protocols, written apart from the broker's own so that one cannot excuse the other.

use crate::Value;

/// Why bytes are no reply.
#[derive(Debug, PartialEq, Eq)]
pub enum Fault {
    /// They end too early; more may come.
    Short,
    /// They never can be one.
    Malformed(String),
}

/// The first reply in `bytes` and how many bytes it took.
///
/// # Errors
/// [`Fault::Short`] until a whole reply is there.
pub fn decode(bytes: &[u8]) -> Result<(Value, usize), Fault> {
    let mut reader = Reader { bytes, at: 0 };
    let value = reader.value()?;
    Ok((value, reader.at))
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    fn line(&mut self) -> Result<&'a [u8], Fault> {
        let rest = &self.bytes[self.at..];
        let end = rest.windows(2).position(|pair| pair == b"\r\n").ok_or(Fault::Short)?;
        self.at += end + 2;
        Ok(&rest[..end])
    }

    fn take(&mut self, count: usize) -> Result<&'a [u8], Fault> {
        let rest = &self.bytes[self.at..];
        if rest.len() < count + 2 {
            return Err(Fault::Short);
        }
        if &rest[count..count + 2] != b"\r\n" {
            return Err(Fault::Malformed("a bulk without its line end".into()));
        }
        self.at += count + 2;
        Ok(&rest[..count])
    }

    fn value(&mut self) -> Result<Value, Fault> {
        let line = self.line()?;
        let (&kind, rest) = line.split_first().ok_or_else(|| Fault::Malformed("an empty line".into()))?;
        Ok(match kind {
            b'+' => Value::Simple(rest.to_vec()),
            b'-' => Value::Error(rest.to_vec()),
            b':' => Value::Integer(number(rest)?),
            b',' => Value::Double(text(rest)?),
            b'(' => Value::BigNumber(text(rest)?),
            b'#' => Value::Boolean(rest == b"t"),
            b'_' => Value::Null,
            b'$' if rest == b"-1" => Value::NullBulk,
            b'*' if rest == b"-1" => Value::NullArray,
            b'$' => Value::Bulk(self.take(length(rest)?)?.to_vec()),
            b'!' => Value::Error(self.take(length(rest)?)?.to_vec()),
            b'=' => Value::Verbatim(self.take(length(rest)?)?.get(4..).unwrap_or_default().to_vec()),
            b'*' => Value::Array(self.many(length(rest)?)?),
            b'~' => Value::Set(self.many(length(rest)?)?),
            b'>' => Value::Push(self.many(length(rest)?)?),
            b'%' => Value::Map(self.pairs(length(rest)?)?),
            other => return Err(Fault::Malformed(format!("no reply starts with {:?}", other as char))),
        })
    }

    fn many(&mut self, count: usize) -> Result<Vec<Value>, Fault> {
        (0..count).map(|_| self.value()).collect()
    }

    fn pairs(&mut self, count: usize) -> Result<Vec<(Value, Value)>, Fault> {
        (0..count).map(|_| Ok((self.value()?, self.value()?))).collect()
    }
}

fn text(bytes: &[u8]) -> Result<String, Fault> {
    String::from_utf8(bytes.to_vec()).map_err(|_| Fault::Malformed("a number that is no text".into()))
}

fn number(bytes: &[u8]) -> Result<i64, Fault> {
    text(bytes)?.parse().map_err(|_| Fault::Malformed(format!("no number: {:?}", String::from_utf8_lossy(bytes))))
}

fn length(bytes: &[u8]) -> Result<usize, Fault> {
    usize::try_from(number(bytes)?).map_err(|_| Fault::Malformed("a negative length".into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_the_three_nulls_apart() {
        assert_eq!(decode(b"$-1\r\n"), Ok((Value::NullBulk, 5)));
        assert_eq!(decode(b"*-1\r\n"), Ok((Value::NullArray, 5)));
        assert_eq!(decode(b"_\r\n"), Ok((Value::Null, 3)));
    }

    #[test]
    fn every_prefix_is_short() {
        let whole = b"*2\r\n$3\r\na\r\n\r\n%1\r\n+k\r\n,1.5\r\n";
        for end in 0..whole.len() {
            assert_eq!(decode(&whole[..end]), Err(Fault::Short), "{end}");
        }
        assert!(decode(whole).is_ok());
    }
}
