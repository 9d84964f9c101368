//! Deadlines in arguments: EX, PX, EXAT, PXAT, KEEPTTL, PERSIST.
//!
//! One kind may be given twice, the last one counts; two kinds are a syntax error.

use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::{self, Refusal};
use crate::command::number;
use brooklet_storage::store::{Class, Key};

/// A deadline as it was typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deadline<'a> {
    /// A time in this unit.
    At(Unit, &'a [u8]),
    /// The one it has.
    Keep,
    /// None any more.
    Never,
}

/// How a time is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Seconds from now.
    Ex,
    /// Milliseconds from now.
    Px,
    /// Unix time in seconds.
    ExAt,
    /// Unix time in milliseconds.
    PxAt,
}

/// A deadline that was checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resolved {
    /// Unix time in milliseconds.
    At(i64),
    /// The one it has.
    Keep,
    /// None any more.
    Never,
}

impl<'a> Deadline<'a> {
    /// Reads a deadline at the front of `args`: it, and how many arguments it took.
    pub fn parse(args: Args<'a>) -> Option<(Deadline<'a>, usize)> {
        let word = args.at(0);
        let is = |name: &str| word.eq_ignore_ascii_case(name.as_bytes());
        let unit = match () {
            () if is("KEEPTTL") => return Some((Deadline::Keep, 1)),
            () if is("PERSIST") => return Some((Deadline::Never, 1)),
            () if is("EX") => Unit::Ex,
            () if is("PX") => Unit::Px,
            () if is("EXAT") => Unit::ExAt,
            () if is("PXAT") => Unit::PxAt,
            () => return None,
        };
        Some((Deadline::At(unit, args.get(1)?), 2))
    }

    /// Notes the deadline in `place`, which may hold one of the same kind already.
    pub fn put(self, place: &mut Option<Deadline<'a>>) -> Result<(), Refusal> {
        match place.replace(self) {
            Some(other) if self.kind() != other.kind() => Err(error::SYNTAX),
            _ => Ok(()),
        }
    }

    fn kind(self) -> (bool, Option<Unit>) {
        match self {
            Deadline::At(unit, _) => (true, Some(unit)),
            Deadline::Keep => (true, None),
            Deadline::Never => (false, None),
        }
    }

    /// The Unix time it means. Zero, negative and overflowing times are refused in the name of `command`.
    pub fn resolve(self, now_ms: i64, command: &str) -> Result<Resolved, Refusal> {
        let (unit, text) = match self {
            Deadline::Keep => return Ok(Resolved::Keep),
            Deadline::Never => return Ok(Resolved::Never),
            Deadline::At(unit, text) => (unit, text),
        };
        let n = number::arg(text)?;
        let at_ms = if n > 0 { unit.at_ms(n, now_ms) } else { None };
        at_ms.map(Resolved::At).ok_or_else(|| error::invalid_expire(command))
    }
}

impl Unit {
    /// The Unix time in milliseconds that `n` means, unless it is out of range.
    pub fn at_ms(self, n: i64, now_ms: i64) -> Option<i64> {
        match self {
            Unit::Ex => n.checked_mul(1000)?.checked_add(now_ms),
            Unit::Px => n.checked_add(now_ms),
            Unit::ExAt => n.checked_mul(1000),
            Unit::PxAt => Some(n),
        }
    }
}

impl Resolved {
    /// The deadline of a key that had `old`.
    pub fn after(self, old: Option<u64>) -> Option<u64> {
        match self {
            Resolved::At(at_ms) => u64::try_from(at_ms).ok(),
            Resolved::Keep => old,
            Resolved::Never => None,
        }
    }

    /// Whether it has passed, so that a key with it is gone at once.
    pub fn has_passed(self, now_ms: i64) -> bool {
        matches!(self, Resolved::At(at_ms) if at_ms <= now_ms)
    }

    /// Makes `name`, of which there was nothing, this string with this deadline: with one, that is a lock, and gets a token.
    pub fn write_new(self, ctx: &mut Ctx<'_>, name: &[u8], value: &[u8]) {
        match self {
            Resolved::At(_) if !self.has_passed(ctx.now_ms) => {
                ctx.mint_string(name, None, value, self.after(None));
                ctx.notify(Class::STRING, "set", name);
                ctx.notify(Class::GENERIC, "expire", name);
            }
            _ => self.write(ctx, name, None, value, "set"),
        }
    }

    /// Makes `name` this string with this deadline, and says so with `word`; `old` is the key it had. With a deadline that
    /// has passed the key is gone as soon as it is set: for those who watch or listen it was there.
    pub fn write(self, ctx: &mut Ctx<'_>, name: &[u8], old: Option<Key>, value: &[u8], word: &'static str) {
        match old {
            _ if !self.has_passed(ctx.now_ms) => {
                let had = old.and_then(|key| ctx.engine.store.object(key).deadline_ms);
                ctx.set_string(name, old, value, self.after(had));
            }
            Some(old) => ctx.store().delete(old),
            None => {
                ctx.engine.store.touch(ctx.db, name);
                ctx.notify(Class::NEW, "new", name);
            }
        }
        ctx.notify(Class::STRING, word, name);
        if let Resolved::At(_) = self {
            ctx.notify(Class::GENERIC, "expire", name);
        }
        if self.has_passed(ctx.now_ms) {
            ctx.notify(Class::EXPIRED, "expired", name);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_that_overflow_are_refused() {
        let at = |unit, text: &'static str| Deadline::At(unit, text.as_bytes()).resolve(1_000, "set").ok();
        assert_eq!(at(Unit::Ex, "2"), Some(Resolved::At(3_000)));
        assert_eq!(at(Unit::PxAt, "9223372036854775807"), Some(Resolved::At(i64::MAX)));
        assert_eq!(at(Unit::Px, "9223372036854774807"), Some(Resolved::At(i64::MAX)));
        for (unit, text) in [
            (Unit::Px, "9223372036854774808"),
            (Unit::Ex, "9223372036854775"),
            (Unit::ExAt, "9223372036854776"),
            (Unit::Ex, "0"),
            (Unit::PxAt, "-1"),
            (Unit::Ex, "1.5"),
        ] {
            assert_eq!(at(unit, text), None, "{text}");
        }
    }
}
