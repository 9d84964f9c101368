//! The options of SORT, in any order.

use crate::command::args::Args;
use crate::command::error::{self, Refusal};
use crate::command::number;
use crate::command::slots;

/// What was asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options<'a> {
    /// Where the weights stand; the elements themselves if there is none.
    pub by: Option<&'a [u8]>,
    /// What is answered of each element; itself if there is none.
    pub get: Vec<&'a [u8]>,
    /// The first one, and how many.
    pub limit: Option<(i64, i64)>,
    /// Downwards.
    pub descending: bool,
    /// By bytes, not by numbers.
    pub alpha: bool,
    /// Where the result goes.
    pub store: Option<&'a [u8]>,
}

impl<'a> Options<'a> {
    /// Reads them. In a cluster `slot` is that of the sorted key: patterns must lead to no other.
    pub fn parse(args: Args<'a>, may_store: bool, slot: Option<u16>) -> Result<Options<'a>, Refusal> {
        let leads_away = |pattern: &[u8]| slot.is_some() && slots::of_pattern(pattern) != slot;
        let mut options = Options::default();
        let mut at = 0;
        while at < args.len() {
            let left = args.len() - at - 1;
            at += match args.at(at).to_ascii_uppercase().as_slice() {
                b"ASC" => {
                    options.descending = false;
                    1
                }
                b"DESC" => {
                    options.descending = true;
                    1
                }
                b"ALPHA" => {
                    options.alpha = true;
                    1
                }
                b"LIMIT" if left >= 2 => {
                    options.limit = Some((number::arg(args.at(at + 1))?, number::arg(args.at(at + 2))?));
                    3
                }
                b"STORE" if left >= 1 && may_store => {
                    options.store = Some(args.at(at + 1));
                    2
                }
                b"BY" if left >= 1 => {
                    let by = args.at(at + 1);
                    if by.contains(&b'*') && leads_away(by) {
                        return Err(error::cluster::SORT_BY);
                    }
                    options.by = Some(by);
                    2
                }
                b"GET" if left >= 1 => {
                    let get = args.at(at + 1);
                    if get != b"#" && leads_away(get) {
                        return Err(error::cluster::SORT_GET);
                    }
                    options.get.push(get);
                    2
                }
                _ => return Err(error::SYNTAX),
            };
        }
        Ok(options)
    }

    /// Whether the elements stay as they are: a pattern without a place for them is the same for all.
    pub fn keeps_order(&self) -> bool {
        self.by.is_some_and(|by| !by.contains(&b'*'))
    }

    /// The part of `len` elements that is wanted.
    pub fn part(&self, len: usize) -> std::ops::Range<usize> {
        let Some((offset, count)) = self.limit else { return 0..len };
        let first = usize::try_from(offset).unwrap_or(0).min(len);
        let count = usize::try_from(count).unwrap_or(len);
        first..first.saturating_add(count).min(len)
    }
}
