//! EXPIRE, PEXPIRE, EXPIREAT, PEXPIREAT: gives a key a deadline. One that has passed deletes the key at once.
//!
//! Conditions compare with the deadline there is; a key without one counts as one that never ends.

use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::{self, Refusal};
use crate::command::number;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::command::string::deadline::Unit;
use crate::reply::Reply;

/// EXPIRE.
pub static SPEC: Spec = Spec {
    name: "expire",
    summary: "Gives a key a deadline in seconds from now.",
    since: "1.0.0",
    group: Group::Keyspace,
    complexity: "O(1)",
    arity: -3,
    flags: &[Flag::Fast],
    keys: Keys::ONE,
    syntax: "key seconds [NX | XX | GT | LT]",
    kind: Kind::Write(|ctx, args| run(ctx, args, Unit::Ex)),
    subcommands: &[],
};

/// When to act.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Condition {
    absent: bool,
    present: bool,
    later: bool,
    earlier: bool,
}

impl Condition {
    fn parse(args: Args<'_>) -> Result<Condition, Refusal> {
        let mut condition = Condition::default();
        for word in args.iter() {
            let is = |name: &str| word.eq_ignore_ascii_case(name.as_bytes());
            match () {
                () if is("NX") => condition.absent = true,
                () if is("XX") => condition.present = true,
                () if is("GT") => condition.later = true,
                () if is("LT") => condition.earlier = true,
                () => return Err(error::keyspace::unsupported_option(word)),
            }
        }
        let Condition { absent, present, later, earlier } = condition;
        match () {
            () if absent && (present || later || earlier) => Err(error::keyspace::EXPIRE_NX),
            () if later && earlier => Err(error::keyspace::EXPIRE_GT_LT),
            () => Ok(condition),
        }
    }

    fn holds(self, old: Option<u64>, new_ms: i64) -> bool {
        let old_ms = old.map(|at| at as i64);
        !(self.absent && old.is_some()
            || self.present && old.is_none()
            || self.later && old_ms.is_none_or(|old| new_ms <= old)
            || self.earlier && old_ms.is_some_and(|old| new_ms >= old))
    }
}

/// Sets a deadline in `unit`.
pub(super) fn run(ctx: &mut Ctx<'_>, args: Args<'_>, unit: Unit) -> Result<Reply, Refusal> {
    let condition = Condition::parse(args.from(3))?;
    let at_ms = unit.at_ms(number::arg(args.at(2))?, ctx.now_ms);
    let at_ms = at_ms.ok_or_else(|| error::invalid_expire(ctx.spec.name))?;
    let Some(key) = ctx.find(args.at(1))? else { return Ok(Reply::Integer(0)) };
    if !condition.holds(ctx.engine.store.object(key).deadline_ms, at_ms) {
        return Ok(Reply::Integer(0));
    }
    match u64::try_from(at_ms) {
        Ok(at) if at_ms > ctx.now_ms => ctx.store().set_deadline(key, Some(at)),
        _ => ctx.store().delete(key),
    }
    Ok(Reply::Integer(1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::args::OwnedArgs;

    fn holds(words: &str, old: Option<u64>, new_ms: i64) -> bool {
        let call = OwnedArgs::collect(words.split(' '));
        Condition::parse(call.as_args()).unwrap().holds(old, new_ms)
    }

    #[test]
    fn no_deadline_is_later_than_any() {
        assert!(!holds("GT", None, i64::MAX) && holds("LT", None, i64::MAX));
        assert!(holds("gt XX", Some(5), 6) && !holds("GT", Some(5), 5));
        assert!(!holds("LT", Some(5), 5) && !holds("XX LT", None, 1));
        assert!(holds("NX", None, 1) && !holds("NX NX", Some(5), 1));
    }
}
