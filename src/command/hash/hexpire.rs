//! HEXPIRE: gives fields a deadline. For each: -2 it is not there, 0 a condition does not hold, 1 done, 2 it is gone at once.

use super::{fields, pairs};
use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::{self, Refusal};
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::command::string::deadline::Unit;
use crate::reply::Reply;
use brooklet_storage::store::Class;

/// HEXPIRE.
pub static SPEC: Spec = Spec {
    name: "hexpire",
    summary: "Gives fields a deadline in seconds from now.",
    since: "7.4.0",
    group: Group::Hash,
    complexity: "O(N) for N fields",
    arity: -6,
    flags: &[Flag::Fast],
    keys: Keys::ONE,
    syntax: "key seconds [NX | XX | GT | LT] FIELDS numfields field [field ...]",
    kind: Kind::Write(|ctx, args| run(ctx, args, Unit::Ex)),
    subcommands: &[],
};

/// When to act.
#[derive(Clone, Copy, PartialEq)]
enum Condition {
    Always,
    Absent,
    Present,
    Later,
    Earlier,
}

impl Condition {
    fn parse(word: &[u8]) -> Option<Condition> {
        let is = |name: &str| word.eq_ignore_ascii_case(name.as_bytes());
        match () {
            () if is("NX") => Some(Condition::Absent),
            () if is("XX") => Some(Condition::Present),
            () if is("GT") => Some(Condition::Later),
            () if is("LT") => Some(Condition::Earlier),
            () => None,
        }
    }

    /// No deadline is later than any.
    fn holds(self, old: Option<u64>, new: u64) -> bool {
        match self {
            Condition::Always => true,
            Condition::Absent => old.is_none(),
            Condition::Present => old.is_some(),
            Condition::Later => old.is_some_and(|old| new > old),
            Condition::Earlier => old.is_none_or(|old| new < old),
        }
    }
}

/// Sets deadlines in `unit`.
pub(super) fn run(ctx: &mut Ctx<'_>, args: Args<'_>, unit: Unit) -> Result<Reply, Refusal> {
    let found = pairs::find(ctx, args.at(1))?;
    let at_ms = fields::deadline(ctx, args.at(2), unit)?;
    let condition = Condition::parse(args.at(3));
    let rest = args.from(if condition.is_some() { 4 } else { 3 });
    let names = fields::counted(rest, error::hash::NUMFIELDS_EXPIRE)?;
    let Some(key) = found else { return Ok(Reply::Array(vec![Reply::Integer(-2); names.len()])) };
    let mut answers = Vec::with_capacity(names.len());
    for field in names.iter() {
        let old = ctx.hash(key).fields().get(field).map(|f| f.deadline_ms);
        answers.push(Reply::Integer(match old {
            None => -2,
            Some(old) if !condition.unwrap_or(Condition::Always).holds(old, at_ms) => 0,
            Some(_) if fields::set_deadline(ctx, key, field, Some(at_ms)) => 1,
            Some(_) => 2,
        }));
    }
    if answers.contains(&Reply::Integer(2)) {
        ctx.notify_key(Class::HASH, "hdel", key);
    }
    if answers.contains(&Reply::Integer(1)) {
        ctx.notify_key(Class::HASH, "hexpire", key);
    }
    ctx.store().delete_if_empty(key);
    Ok(Reply::Array(answers))
}
