//! TEST.CLOCK: moves time over the wire, for tests of programs in any language. Only a broker that was started with
//! `--test-clock` knows it; elsewhere the verb is unknown, and COMMAND does not tell of it.
//!
//! The clock stands still by itself. Before an answer leaves all that is due at its time has happened: keys have vanished, waits
//! have ended, calls that waited for something to fall due have run. ADVANCE lets time pass; SET is what an operator does to the
//! clock of a machine: deadlines of keys are at the time that they say, but who waits, or holds a lease, has as long as before.

use super::args::Args;
use super::error::{self, Refusal};
use super::number;
use super::spec::{Flag, Group, Keys, Kind, Spec};
use super::table;
use crate::broker::clock::Clock;
use crate::broker::{Ctx, Engine};
use crate::reply::Reply;
use std::time::Duration;

/// The verb of this group.
pub static VERBS: &[&Spec] = &[&CLOCK];

/// The verb or subcommand that a call means, with the right number of arguments; none if it is another verb, or unknown here.
pub fn resolve(engine: &Engine, args: Args<'_>) -> Option<Result<&'static Spec, Refusal>> {
    let is_on = engine.config.test_clock;
    (is_on && args.at(0).eq_ignore_ascii_case(CLOCK.name.as_bytes())).then(|| table::resolve_in(&CLOCK, args))
}

/// `CONSTANT = name, arity, syntax, summary, function;`
macro_rules! verbs {
    ($($constant:ident = $name:literal, $arity:literal, $syntax:literal, $summary:literal, $run:expr;)*) => {
        $(#[doc = $summary]
        static $constant: Spec = Spec {
            name: $name,
            summary: $summary,
            since: "0.1.0",
            group: Group::Testing,
            complexity: "O(N) where N things are due",
            arity: $arity,
            flags: &[Flag::Admin, Flag::NoScript, Flag::NoMulti],
            keys: Keys::None,
            syntax: $syntax,
            kind: Kind::Admin($run),
            subcommands: &[],
        };)*
    };
}

verbs! {
    ADVANCE = "test.clock|advance", 3, "milliseconds",
        "Moves the clock forward and does all that is due; answers the time.", advance;
    GET = "test.clock|get", 2, "",
        "Answers the time, Unix milliseconds.", |ctx, _| Ok(now(ctx));
    SET = "test.clock|set", 3, "unix-time-milliseconds",
        "Sets the clock, also back, as an operator does: no time passes, so waits go on. Answers the time.", set;
}

/// TEST.CLOCK.
static CLOCK: Spec = Spec {
    name: "test.clock",
    summary: "Holds what moves the clock of a broker that was started for tests.",
    since: "0.1.0",
    group: Group::Testing,
    complexity: "Depends on the subcommand",
    arity: -2,
    flags: &[Flag::Admin],
    keys: Keys::None,
    syntax: "",
    kind: Kind::Container,
    subcommands: &[&ADVANCE, &GET, &SET],
};

fn milliseconds(text: &[u8]) -> Result<u64, Refusal> {
    u64::try_from(number::arg(text)?).map_err(|_| error::NOT_POSITIVE)
}

fn now(ctx: &Ctx<'_>) -> Reply {
    Reply::Integer(ctx.engine.clock.now_ms())
}

fn advance(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    let by = Duration::from_millis(milliseconds(args.at(2))?);
    if let Clock::Manual(clock) = &ctx.engine.clock {
        clock.advance(by);
    }
    ctx.engine.time_was_moved();
    Ok(now(ctx))
}

fn set(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    let at_ms = milliseconds(args.at(2))? as i64;
    if let Clock::Manual(clock) = &ctx.engine.clock {
        clock.jump_to_ms(at_ms);
    }
    ctx.engine.time_was_moved();
    Ok(now(ctx))
}
