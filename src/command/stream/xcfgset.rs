//! XCFGSET: how long, and how many per producer, a stream remembers the ids of idempotent appends.
//!
//! The one surprising rule: a new value forgets everything that was remembered; the same value forgets nothing.

use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::{self, Refusal};
use crate::command::number;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::reply::Reply;
use brooklet_storage::batch::Effect;

/// XCFGSET.
pub static SPEC: Spec = Spec {
    name: "xcfgset",
    summary: "Sets how long and how many ids of idempotent appends a stream remembers.",
    since: "8.6.0",
    group: Group::Stream,
    complexity: "O(1), and O(N) for N ids that are forgotten",
    arity: -2,
    flags: &[Flag::Fast],
    keys: Keys::ONE,
    syntax: "key [IDMP-DURATION seconds] [IDMP-MAXSIZE entries]",
    kind: Kind::Write(run),
    subcommands: &[],
};

#[derive(Debug, Default, PartialEq)]
struct Limits {
    duration_s: Option<u64>,
    max_size: Option<u64>,
}

fn parse(args: Args<'_>) -> Result<Limits, Refusal> {
    use error::stream as text;
    let mut limits = Limits::default();
    for i in (2..args.len()).step_by(2) {
        let word = args.at(i);
        let (place, most, refused, twice) = if word.eq_ignore_ascii_case(b"IDMP-DURATION") {
            (&mut limits.duration_s, 86_400, text::IDMP_DURATION_RANGE, text::IDMP_DURATION_TWICE)
        } else if word.eq_ignore_ascii_case(b"IDMP-MAXSIZE") {
            (&mut limits.max_size, 10_000, text::IDMP_MAXSIZE_RANGE, text::IDMP_MAXSIZE_TWICE)
        } else {
            return Err(error::SYNTAX);
        };
        if place.is_some() {
            return Err(twice);
        }
        let value = number::arg(args.get(i + 1).ok_or(error::SYNTAX)?)?;
        *place = Some(u64::try_from(value).ok().filter(|n| (1..=most).contains(n)).ok_or(refused)?);
    }
    if limits == Limits::default() { Err(text::XCFGSET_NOTHING) } else { Ok(limits) }
}

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    let limits = parse(args)?;
    let key = ctx.find_stream(args.at(1))?.ok_or(error::NO_SUCH_KEY)?;
    let (duration_s, max_size) = current(ctx, key);
    let effect = Effect::IdmpConfig {
        duration_s: limits.duration_s.unwrap_or(duration_s),
        max_size: limits.max_size.unwrap_or(max_size),
    };
    ctx.store().change(key, &effect);
    Ok(Reply::OK)
}

/// The limits of a stream: its own, or those that it will get with its first idempotent append.
pub fn current(ctx: &Ctx<'_>, key: brooklet_storage::store::Key) -> (u64, u64) {
    match &ctx.stream(key).idempotency {
        Some(own) => (own.duration_s, own.max_size),
        None => (ctx.engine.config.stream_idmp_duration_s, ctx.engine.config.stream_idmp_maxsize),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::args::OwnedArgs;

    #[test]
    fn each_limit_once_and_within_its_bounds() {
        let parsed = |line: &str| parse(OwnedArgs::collect(line.split(' ')).as_args());
        let both = Limits { duration_s: Some(1), max_size: Some(10_000) };
        assert_eq!(parsed("XCFGSET s idmp-maxsize 10000 IDMP-DURATION 1").unwrap(), both);
        for bad in
            ["XCFGSET s", "XCFGSET s IDMP-DURATION", "XCFGSET s IDMP-MAXSIZE -1", "XCFGSET s IDMP-DURATION 86401"]
        {
            assert!(parsed(bad).is_err(), "{bad}");
        }
    }
}
