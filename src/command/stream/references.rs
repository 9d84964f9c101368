//! What happens to the references that groups hold on an entry that goes, and the arguments of XDELEX and XACKDEL.
//!
//! The list of ids may stand before or after the other option, so what follows it decides whether its count was right.

use super::id;
use crate::command::args::Args;
use crate::command::error::{self, Refusal};
use crate::command::number;
use brooklet_storage::StreamId;

/// What happens to the references that groups hold on an entry that is to be deleted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum References {
    /// They stay, dangling.
    #[default]
    Keep,
    /// They go, too.
    Delete,
    /// An entry with references is not deleted.
    Acked,
}

impl References {
    /// Reads KEEPREF, DELREF or ACKED.
    pub fn parse(word: &[u8]) -> Option<References> {
        match () {
            () if word.eq_ignore_ascii_case(b"KEEPREF") => Some(References::Keep),
            () if word.eq_ignore_ascii_case(b"DELREF") => Some(References::Delete),
            () if word.eq_ignore_ascii_case(b"ACKED") => Some(References::Acked),
            () => None,
        }
    }
}

/// `[KEEPREF | DELREF | ACKED] IDS numids id [id ...]`
#[derive(Debug, Default, PartialEq)]
pub struct Doomed {
    /// What happens to references.
    pub references: References,
    /// The ids, in the order they were typed.
    pub ids: Vec<StreamId>,
}

impl Doomed {
    /// Reads all of `args`; every id is checked.
    pub fn parse(args: Args<'_>) -> Result<Doomed, Refusal> {
        let (mut references, mut ids) = (None, None);
        let mut i = 0;
        while let Some(word) = args.get(i) {
            if let Some(found) = References::parse(word) {
                if references.replace(found).is_some() {
                    return Err(error::SYNTAX);
                }
                i += 1;
            } else if word.eq_ignore_ascii_case(b"IDS") && ids.is_none() {
                let (list, used) = id_block(args.from(i))?;
                ids = Some(list);
                i += used;
            } else if ids.is_some() {
                return Err(error::stream::NUMIDS_MISMATCH);
            } else {
                return Err(error::SYNTAX);
            }
        }
        let list = ids.ok_or(error::stream::IDS_REQUIRED)?;
        Ok(Doomed { references: references.unwrap_or_default(), ids: id::list(list)? })
    }
}

/// Reads `IDS numids id ...` at the front: the ids, and how many arguments all of it took.
fn id_block(args: Args<'_>) -> Result<(Args<'_>, usize), Refusal> {
    let count = number::integer(args.at(1)).and_then(|n| usize::try_from(n).ok()).filter(|n| *n > 0);
    let count = count.ok_or(error::stream::NUMIDS_NOT_POSITIVE)?;
    let end = count.checked_add(2).filter(|end| *end <= args.len()).ok_or(error::stream::NUMIDS_MISMATCH)?;
    Ok((args.from(2).up_to(count), end))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::args::OwnedArgs;

    fn parse(line: &str) -> Result<Doomed, Refusal> {
        Doomed::parse(OwnedArgs::collect(line.split(' ')).as_args())
    }

    fn line(refusal: Refusal) -> String {
        let Refusal::Wire(line) = refusal else { panic!("an error line") };
        line.into_owned()
    }

    #[test]
    fn the_two_parts_come_in_any_order() {
        let expected = Doomed { references: References::Acked, ids: vec![StreamId::new(1, 2), StreamId::new(3, 0)] };
        assert_eq!(parse("ACKED IDS 2 1-2 3").unwrap(), expected);
        assert_eq!(parse("ids 2 1-2 3 acked").unwrap(), expected);
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (text, expected) in [
            ("ACKED", error::stream::IDS_REQUIRED),
            ("ACKED KEEPREF IDS 1 1-1", error::SYNTAX),
            ("1-1", error::SYNTAX),
            ("IDS 0 1-1", error::stream::NUMIDS_NOT_POSITIVE),
            ("IDS 2 1-1", error::stream::NUMIDS_MISMATCH),
            ("IDS 1 1-1 2-2", error::stream::NUMIDS_MISMATCH),
            ("IDS 1 x", error::stream::INVALID_STREAM_ID),
        ] {
            assert_eq!(line(parse(text).unwrap_err()), line(expected), "{text}");
        }
    }
}
