//! What verbs with `FIELDS numfields field ...` share, and the deadlines of fields.

use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::{self, Refusal};
use crate::command::number;
use crate::command::string::deadline::Unit;
use crate::reply::Reply;
use brooklet_storage::change::Change;
use brooklet_storage::store::Key;

/// The latest deadline of a field, Unix milliseconds.
const LATEST_MS: i64 = (1 << 46) - 1;

/// The names behind `FIELDS numfields` at the front of `args`; as many as are announced, and nothing else.
pub fn names<'a>(args: Args<'a>) -> Result<Args<'a>, Refusal> {
    counted(args, error::hash::NUMFIELDS)
}

/// [`names`] with another text for a number that is none.
pub fn counted<'a>(args: Args<'a>, not_positive: Refusal) -> Result<Args<'a>, Refusal> {
    if !args.at(0).eq_ignore_ascii_case(b"FIELDS") {
        return Err(error::hash::NO_FIELDS);
    }
    let count = number::integer(args.at(1)).filter(|n| *n > 0).ok_or(not_positive)?;
    let names = args.from(2);
    if names.len() as i64 == count { Ok(names) } else { Err(error::hash::NUMFIELDS_MISMATCH) }
}

/// A deadline as an argument of `unit`.
pub fn deadline(ctx: &Ctx<'_>, text: &[u8], unit: Unit) -> Result<u64, Refusal> {
    let n = number::arg(text)?;
    if n < 0 {
        return Err(error::hash::EXPIRE_NEGATIVE);
    }
    let at_ms = unit.at_ms(n, ctx.now_ms).filter(|at| *at <= LATEST_MS);
    at_ms.map(|at| at as u64).ok_or_else(|| error::invalid_expire(ctx.spec.name))
}

/// The unit that a word like EX stands for.
pub fn unit(word: &[u8]) -> Option<Unit> {
    let is = |name: &str| word.eq_ignore_ascii_case(name.as_bytes());
    match () {
        () if is("EX") => Some(Unit::Ex),
        () if is("PX") => Some(Unit::Px),
        () if is("EXAT") => Some(Unit::ExAt),
        () if is("PXAT") => Some(Unit::PxAt),
        () => None,
    }
}

/// Gives a field of the hash another deadline; a time that is over takes it away. Whether it is still there.
pub fn set_deadline(ctx: &mut Ctx<'_>, key: Key, field: &[u8], at_ms: Option<u64>) -> bool {
    if at_ms.is_some_and(|at| at as i64 <= ctx.now_ms) {
        ctx.change(key, Change::FieldRemove { field });
        return false;
    }
    let old = ctx.hash(key).fields().get(field).and_then(|f| f.deadline_ms);
    if old != at_ms {
        ctx.change(key, Change::FieldDeadline { field, at_ms });
    }
    true
}

/// One answer for each field: `of` gets whether it is there and its deadline.
pub fn each(ctx: &mut Ctx<'_>, args: Args<'_>, of: impl Fn(Option<u64>, i64) -> i64) -> Result<Reply, Refusal> {
    let key = super::pairs::read(ctx, args.at(1))?;
    let names = names(args.from(2))?;
    let now_ms = ctx.now_ms;
    let answer = |field: &[u8]| {
        let found = key.and_then(|key| ctx.hash(key).fields().get(field));
        Reply::Integer(found.map_or(-2, |f| of(f.deadline_ms, now_ms)))
    };
    Ok(Reply::Array(names.iter().map(answer).collect()))
}
