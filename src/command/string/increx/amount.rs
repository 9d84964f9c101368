//! What INCREX counts in, integers or floats, and how a change within bounds works out.

use crate::command::error::{self, Refusal};
use crate::command::extended::Extended;
use crate::reply::Reply;
use std::cmp::Ordering;

/// An integer or a float.
pub trait Amount: Copy + Ord {
    /// Zero.
    const ZERO: Self;
    /// What is said of a key that was counted up in it.
    const EVENT: &'static str;

    /// The sum; where it leaves the type's limits, which end it leaves at. An error if there is no such number.
    fn plus(self, other: Self) -> Result<Result<Self, Ordering>, Refusal>;

    /// What was added to get from `before` to here.
    fn since(self, before: Self) -> Result<Self, Refusal>;

    /// As it is stored.
    fn to_text(self) -> String;

    /// As it is answered.
    fn reply(self, resp3: bool) -> Reply;
}

/// What to add, and between which bounds the result has to be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Change<T> {
    pub add: T,
    pub low: T,
    pub high: T,
}

impl<T: Amount> Change<T> {
    /// The new value and what was added; `None` if that is out of bounds and must not be brought within them.
    pub fn apply(&self, value: T, saturate: bool) -> Result<Option<(T, T)>, Refusal> {
        let sum = value.plus(self.add)?;
        let inside = sum.ok().filter(|sum| (self.low..=self.high).contains(sum));
        let new = match (inside, sum) {
            (Some(sum), _) => sum,
            _ if !saturate => return Ok(None),
            (None, Err(Ordering::Less)) => self.low,
            (None, Err(_)) => self.high,
            (None, Ok(sum)) => sum.clamp(self.low, self.high),
        };
        Ok(Some((new, new.since(value)?)))
    }
}

impl Amount for i64 {
    const ZERO: i64 = 0;
    const EVENT: &'static str = "incrby";

    fn plus(self, other: i64) -> Result<Result<i64, Ordering>, Refusal> {
        Ok(self.checked_add(other).ok_or(other.cmp(&0)))
    }

    fn since(self, before: i64) -> Result<i64, Refusal> {
        self.checked_sub(before).ok_or(error::string::INCREX_APPLIED_OVERFLOW)
    }

    fn to_text(self) -> String {
        self.to_string()
    }

    fn reply(self, _: bool) -> Reply {
        Reply::Integer(self)
    }
}

impl Amount for Extended {
    const ZERO: Extended = Extended::ZERO;
    const EVENT: &'static str = "incrbyfloat";

    fn plus(self, other: Extended) -> Result<Result<Extended, Ordering>, Refusal> {
        let sum = Extended::plus(self, other).ok_or(error::string::NOT_FINITE)?;
        Ok(if sum.is_infinite() { Err(sum.cmp(&Extended::ZERO)) } else { Ok(sum) })
    }

    fn since(self, before: Extended) -> Result<Extended, Refusal> {
        let added = self.minus(before).filter(|added| !added.is_infinite());
        added.ok_or(error::string::INCREX_APPLIED_INFINITE)
    }

    fn to_text(self) -> String {
        Extended::to_text(self)
    }

    fn reply(self, resp3: bool) -> Reply {
        if resp3 { Reply::Double(self.to_f64()) } else { Reply::bulk(Extended::to_text(self)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn int(value: i64, add: i64, low: i64, high: i64, saturate: bool) -> Option<(i64, i64)> {
        Change { add, low, high }.apply(value, saturate).unwrap()
    }

    #[test]
    fn bounds_hold_the_result_not_the_direction() {
        assert_eq!(int(10, -5, i64::MIN, 5, false), Some((5, -5)));
        assert_eq!(int(10, 5, i64::MIN, 12, false), None);
        assert_eq!(int(10, 5, i64::MIN, 12, true), Some((12, 2)));
        assert_eq!(int(10, 5, i64::MIN, 5, true), Some((5, -5)));
        assert_eq!(int(10, -5, 20, i64::MAX, true), Some((20, 10)));
        assert_eq!(int(i64::MAX - 7, 10, i64::MIN, i64::MAX, true), Some((i64::MAX, 7)));
        assert_eq!(int(-10, -i64::MAX, -100, i64::MAX, true), Some((-100, -90)));
        assert_eq!(int(-10, -i64::MAX, -100, i64::MAX, false), None);
        assert!(Change { add: -5, low: i64::MIN, high: i64::MIN }.apply(i64::MAX, true).is_err());
    }

    #[test]
    fn floats_stop_at_their_largest() {
        let (ten, big) = (Extended::parse(b"10").unwrap(), Extended::MAX);
        let change = |low, high, add| Change { add, low, high };
        let plain = change(big.negated(), big, big);
        assert_eq!(plain.apply(big, false).unwrap(), None);
        assert_eq!(plain.apply(big, true).unwrap(), Some((big, Extended::ZERO)));
        assert_eq!(change(big.negated(), ten, big).apply(big, true).unwrap().map(|(v, _)| v), Some(ten));
        assert!(change(big, big, big).apply(big.negated(), true).is_err());
        let infinite = Extended::parse(b"inf").unwrap();
        assert_eq!(change(infinite, infinite, ten).apply(ten, false).unwrap(), None);
        assert!(change(infinite, infinite, ten).apply(ten, true).is_err());
    }
}
