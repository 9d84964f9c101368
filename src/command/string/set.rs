//! SET: makes a key a string, whatever it was before, and takes away its deadline unless told otherwise.
//!
//! With NX it is the lock of every lock library. GET answers the old value whether or not anything was set.

use super::condition::Condition;
use super::deadline::Deadline;
use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::{self, Refusal};
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::reply::Reply;
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
        } else if let Some((deadline, used)) = Deadline::parse(args.from(i)) {
            if options.deadline.replace(deadline).is_some() {
                return Err(error::SYNTAX);
            }
            i += used;
        } else if let Some((condition, used)) = Condition::parse(args.from(i)) {
            if options.condition.replace(condition).is_some() {
                return Err(error::SYNTAX);
            }
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
    let deadline = options.deadline.map(|d| d.resolve(ctx.now_ms, ctx.spec.name)).transpose()?;
    let old = ctx.find(name)?;
    let reads = options.get || options.condition.is_some_and(|c| c.reads_value());
    let old_value: Option<Bytes> = match old {
        Some(key) if reads => Some(ctx.engine.store.string(key).ok_or(error::WRONG_TYPE)?.clone()),
        _ => None,
    };
    let answer = |set: bool| match (options.get, old_value.clone()) {
        (true, Some(value)) => Reply::Bulk(value),
        (true, None) => Reply::Null,
        (false, _) if set => Reply::OK,
        (false, _) => Reply::Null,
    };
    if options.condition.is_some_and(|c| !c.holds(old.is_some(), old_value.as_deref())) {
        return Ok(answer(false));
    }
    let kept = || old.and_then(|key| ctx.engine.store.object(key).deadline_ms);
    let deadline_ms = deadline.map_or(None, |d| d.unwrap_or_else(kept));
    if deadline_ms.is_some_and(|d| d as i64 <= ctx.now_ms) {
        // A deadline that has passed already: the key is gone as soon as it is set.
        if let Some(key) = old {
            ctx.engine.store.delete(key);
        }
        return Ok(answer(true));
    }
    ctx.engine.store.set_string(ctx.db, name, old, Bytes::copy_from_slice(value), deadline_ms);
    Ok(answer(true))
}
