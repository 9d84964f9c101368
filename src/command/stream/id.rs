//! Stream ids as clients type them. Pure; every refusal is the reference's.

use crate::command::error::{self, Refusal};
use brooklet_storage::StreamId;
use brooklet_storage::stream::log::IdRange;

/// A longer argument is not an id.
const LONGEST: usize = 127;

/// A complete or incomplete id; `-` and `+` are refused. A missing sequence is `missing_seq`.
pub fn strict(text: &[u8], missing_seq: u64) -> Result<StreamId, Refusal> {
    if text.len() > LONGEST {
        return Err(error::stream::INVALID_STREAM_ID);
    }
    StreamId::parse(text, missing_seq).ok_or(error::stream::INVALID_STREAM_ID)
}

/// Like [`strict`], and `-` is the smallest, `+` the largest id.
pub fn loose(text: &[u8], missing_seq: u64) -> Result<StreamId, Refusal> {
    match text {
        b"-" => Ok(StreamId::MIN),
        b"+" => Ok(StreamId::MAX),
        _ => strict(text, missing_seq),
    }
}

/// The two ends of a range, each perhaps exclusive: `(id`.
pub fn range(start: &[u8], end: &[u8]) -> Result<IdRange, Refusal> {
    let start = match start.strip_prefix(b"(") {
        Some(text) => strict(text, 0)?.next().ok_or(error::stream::INVALID_RANGE_START)?,
        None => loose(start, 0)?,
    };
    let end = match end.strip_prefix(b"(") {
        Some(text) => strict(text, u64::MAX)?.prev().ok_or(error::stream::INVALID_RANGE_END)?,
        None => loose(end, u64::MAX)?,
    };
    Ok(IdRange { start, end })
}

/// A list of ids, all checked before any is used: once something was changed, an error could not be answered any more.
pub fn list(args: crate::command::args::Args<'_>) -> Result<Vec<StreamId>, Refusal> {
    args.iter().map(|text| strict(text, 0)).collect()
}

/// The id that XADD is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NewId {
    /// `*`
    Auto,
    /// `ms-*`
    AutoSeq(u64),
    /// A complete id, or milliseconds alone (sequence 0).
    Given(StreamId),
}

impl NewId {
    /// Reads the id argument of XADD.
    pub fn parse(text: &[u8]) -> Result<NewId, Refusal> {
        if text == b"*" {
            return Ok(NewId::Auto);
        }
        if let Some(ms) = text.strip_suffix(b"-*") {
            let ms = brooklet_storage::id::parse_u64(ms).filter(|_| text.len() <= LONGEST);
            return ms.map(NewId::AutoSeq).ok_or(error::stream::INVALID_STREAM_ID);
        }
        strict(text, 0).map(NewId::Given)
    }

    /// The id to use in a stream whose last one is `last`. A clock that went back never gives a smaller id.
    pub fn resolve(self, last: StreamId, now_ms: i64) -> Result<StreamId, Refusal> {
        match self {
            NewId::Auto => {
                let now = StreamId::new(now_ms.max(0) as u64, 0);
                if now.ms > last.ms { Ok(now) } else { last.next().ok_or(error::stream::XADD_ID_SMALL) }
            }
            NewId::AutoSeq(ms) if ms == last.ms => {
                last.seq.checked_add(1).map(|seq| StreamId::new(ms, seq)).ok_or(error::stream::XADD_ID_SMALL)
            }
            NewId::AutoSeq(ms) if ms > last.ms => Ok(StreamId::new(ms, 0)),
            NewId::Given(id) if id > last => Ok(id),
            NewId::AutoSeq(_) | NewId::Given(_) => Err(error::stream::XADD_ID_SMALL),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn auto_ids_rise_even_when_the_clock_does_not() {
        let last = StreamId::new(100, u64::MAX);
        assert_eq!(NewId::Auto.resolve(last, 50).unwrap(), StreamId::new(101, 0));
        assert_eq!(NewId::Auto.resolve(StreamId::MIN, 0).unwrap(), StreamId::new(0, 1));
        assert_eq!(NewId::AutoSeq(0).resolve(StreamId::MIN, 9).unwrap(), StreamId::new(0, 1));
        assert!(NewId::AutoSeq(100).resolve(last, 0).is_err());
        assert!(NewId::AutoSeq(99).resolve(last, 0).is_err());
    }

    #[test]
    fn exclusive_ends_stop_at_the_edges() {
        assert!(range(b"(18446744073709551615-18446744073709551615", b"+").is_err());
        assert!(range(b"-", b"(0-0").is_err());
        assert_eq!(
            range(b"(5", b"(6-0").unwrap(),
            IdRange { start: StreamId::new(5, 1), end: StreamId::new(5, u64::MAX) }
        );
        assert!(range(b"(-", b"+").is_err());
    }
}
