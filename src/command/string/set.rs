//! SET: makes a key a string, whatever it was before, and takes away its deadline unless told otherwise.
//!
//! With NX it is the lock of every lock library; with a deadline, too, it makes a token (`lease/`). GET answers the old value whether or not anything was set.

use super::condition::Condition;
use super::deadline::Deadline;
use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::{self, Refusal};
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::reply::Reply;
use brooklet_storage::store::Key;
use bytes::Bytes;

/// SET.
pub static SPEC: Spec = Spec {
    name: "set",
    summary: "Sets a key to a string, under conditions and with a deadline if asked.",
    since: "1.0.0",
    group: Group::String,
    complexity: "O(1)",
    arity: -3,
    flags: &[Flag::Denyoom],
    keys: Keys::ONE,
    syntax: "key value [NX | XX | IFEQ ifeq-value | IFNE ifne-value | IFDEQ ifdeq-digest | IFDNE ifdne-digest] \
             [GET] [EX seconds | PX milliseconds | EXAT unix-time-seconds | PXAT unix-time-milliseconds | KEEPTTL]",
    kind: Kind::Write(run),
    subcommands: &[],
};

#[derive(Debug, Default, PartialEq)]
struct Options<'a> {
    condition: Option<Condition<'a>>,
    deadline: Option<Deadline<'a>>,
    get: bool,
}

fn parse(args: Args<'_>) -> Result<Options<'_>, Refusal> {
    let mut options = Options::default();
    let mut i = 3;
    while let Some(word) = args.get(i) {
        if word.eq_ignore_ascii_case(b"GET") {
            options.get = true;
            i += 1;
        } else if let Some((deadline, used)) = Deadline::parse(args.from(i)).filter(|(d, _)| *d != Deadline::Never) {
            deadline.put(&mut options.deadline)?;
            i += used;
        } else if let Some((condition, used)) = Condition::parse(args.from(i)) {
            condition.put(&mut options.condition)?;
            i += used;
        } else {
            return Err(error::SYNTAX);
        }
    }
    Ok(options)
}

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    let options = parse(args)?;
    let (name, value) = (args.at(1), args.at(2));
    let deadline = options.deadline.unwrap_or(Deadline::Never).resolve(ctx.now_ms, ctx.spec.name)?;
    let old = if options.get { ctx.look_up(name)? } else { ctx.find(name)? };
    let old_value = old_value(ctx, &options, old)?;
    let refused = options.condition.is_some_and(|c| !c.holds(old.is_some(), old_value.as_deref()));
    if !refused {
        match options.condition {
            Some(Condition::Absent) => deadline.write_new(ctx, name, value),
            _ => deadline.write(ctx, name, old, value, "set"),
        }
    }
    Ok(match old_value.filter(|_| options.get) {
        Some(value) => Reply::Bulk(value),
        None if options.get || refused => Reply::Null,
        None => Reply::OK,
    })
}

/// The value before, where it is asked for or compared with: then the key must hold a string.
fn old_value(ctx: &Ctx<'_>, options: &Options<'_>, old: Option<Key>) -> Result<Option<Bytes>, Refusal> {
    options.condition.map_or(Ok(()), Condition::check_digest)?;
    match old {
        Some(key) if options.get || options.condition.is_some_and(Condition::reads_value) => {
            Ok(Some(ctx.engine.store.string(key).ok_or(error::WRONG_TYPE)?.clone()))
        }
        _ => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::super::deadline::Unit;
    use super::*;
    use crate::command::args::OwnedArgs;

    fn accepts(options: &str) -> bool {
        parse(OwnedArgs::collect(format!("SET k v {options}").split(' ')).as_args()).is_ok()
    }

    #[test]
    fn options_in_any_order_and_twice() {
        for good in
            ["NX PX 5", "px 5 nx", "EX 1 EX 2", "NX NX GET GET", "KEEPTTL KEEPTTL", "IFEQ NX", "GET IFDNE x EX 5"]
        {
            assert!(accepts(good), "{good}");
        }
        for bad in ["NX XX", "EX 1 PX 1", "EX 1 KEEPTTL", "PERSIST", "EX", "NX IFEQ a", "IFEQ a IFNE a", "IFEQ", "x"] {
            assert!(!accepts(bad), "{bad}");
        }
        let call = OwnedArgs::collect(["SET", "k", "v", "EX", "1", "EX", "2"]);
        let options = parse(call.as_args()).unwrap();
        assert_eq!(options.deadline, Some(Deadline::At(Unit::Ex, b"2")));
    }
}
