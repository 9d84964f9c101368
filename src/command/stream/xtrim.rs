//! XTRIM: drops the oldest entries, down to a length or up to an id; answers how many went.
//!
//! With `~` only whole nodes go, which is cheap. A key that does not exist has nothing to drop, but the call must be
//! well-formed all the same.

use super::references::References;
use super::trim::{self, Clauses, Trim};
use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::{self, Refusal};
use crate::command::spec::{Group, Keys, Kind, Spec};
use crate::reply::Reply;
use brooklet_storage::store::Class;

/// XTRIM.
pub static SPEC: Spec = Spec {
    name: "xtrim",
    summary: "Drops the oldest entries of a stream.",
    since: "5.0.0",
    group: Group::Stream,
    complexity: "O(N) for N entries that go",
    arity: -4,
    flags: &[],
    keys: Keys::ONE,
    syntax: "key <MAXLEN | MINID> [= | ~] threshold [LIMIT count] [KEEPREF | DELREF | ACKED]",
    kind: Kind::Write(run),
    subcommands: &[],
};

fn parse(args: Args<'_>) -> Result<(Option<Trim>, References), Refusal> {
    let mut clauses = Clauses::default();
    let mut i = 2;
    while i < args.len() {
        match clauses.read(args.from(i))? {
            0 => return Err(error::SYNTAX),
            used => i += used,
        }
    }
    clauses.finish(true)
}

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    let (trim, references) = parse(args)?;
    let (Some(key), Some(trim)) = (ctx.find_stream(args.at(1))?, trim) else { return Ok(Reply::Integer(0)) };
    let plan = trim::plan(ctx, Some(key), &trim, references, None)?;
    let removed = trim::apply(ctx, key, &plan);
    if removed > 0 {
        ctx.notify_key(Class::STREAM, "xtrim", key);
    }
    Ok(Reply::Integer(removed as i64))
}

#[cfg(test)]
mod tests {
    use super::super::trim::Bound;
    use super::*;
    use crate::command::args::OwnedArgs;

    fn parsed(line: &str) -> Result<(Option<Trim>, References), Refusal> {
        parse(OwnedArgs::collect(line.split(' ')).as_args())
    }

    #[test]
    fn clauses_come_in_any_order() {
        let expected = Trim { bound: Bound::MaxLen(5), about: true, limit: Some(3) };
        for line in ["XTRIM s LIMIT 3 MAXLEN ~ 5 ACKED", "XTRIM s acked maxlen ~ 5 limit 9 limit 3"] {
            assert_eq!(parsed(line).unwrap(), (Some(expected), References::Acked), "{line}");
        }
    }

    #[test]
    fn a_bound_is_required() {
        let refused = |line: &str, expected: Refusal| match (parsed(line).unwrap_err(), expected) {
            (Refusal::Wire(got), Refusal::Wire(expected)) => assert_eq!(got, expected, "{line}"),
            other => panic!("{line}: {other:?}"),
        };
        refused("XTRIM s LIMIT 0", error::stream::TRIM_NO_STRATEGY);
        refused("XTRIM s LIMIT 1", error::stream::TRIM_LIMIT_WITHOUT_STRATEGY);
        refused("XTRIM s MAXLEN 1 LIMIT 0", error::stream::TRIM_LIMIT_WITHOUT_ABOUT);
        refused("XTRIM s MAXLEN 1 ACKED DELREF", error::SYNTAX);
        refused("XTRIM s MAXLEN", error::SYNTAX);
    }
}
