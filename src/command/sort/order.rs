//! The order of SORT: by number, or by bytes. Elements with the same number are in the order of their bytes, those with
//! the same text stay as they stood.

use crate::command::error::{self, Refusal};
use crate::command::number;
use bytes::Bytes;
use std::cmp::Ordering;

/// What an element is compared by.
#[derive(Clone, Debug, PartialEq)]
pub enum Weight {
    /// A number.
    Number(f64),
    /// Bytes; nothing comes first.
    Text(Option<Bytes>),
}

impl Weight {
    /// The weight that was found, as a number or as bytes. Nothing found counts as 0.
    pub fn of(found: Option<Bytes>, alpha: bool) -> Result<Weight, Refusal> {
        if alpha {
            return Ok(Weight::Text(found));
        }
        let text = found.unwrap_or_default();
        if text.is_empty() {
            return Ok(Weight::Number(0.0));
        }
        number::float(&text).map(Weight::Number).ok_or(error::sort::NOT_NUMBERS)
    }
}

fn compare((a, x): &(Weight, Bytes), (b, y): &(Weight, Bytes)) -> Ordering {
    match (a, b) {
        (Weight::Number(a), Weight::Number(b)) => a.partial_cmp(b).unwrap_or(Ordering::Equal).then_with(|| x.cmp(y)),
        (Weight::Text(a), Weight::Text(b)) => a.cmp(b),
        _ => Ordering::Equal,
    }
}

/// Sorts elements by their weights.
pub fn sort(weighed: &mut [(Weight, Bytes)], descending: bool) {
    weighed.sort_by(|a, b| if descending { compare(b, a) } else { compare(a, b) });
}
