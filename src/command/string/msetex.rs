//! MSETEX: sets many keys with one deadline, all or none.
//!
//! NX asks that none of them exists, XX that all do. Options stand behind the pairs.

use super::condition::Condition;
use super::deadline::Deadline;
use super::pairs;
use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::{self, Refusal};
use crate::command::number;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::reply::Reply;

/// MSETEX.
pub static SPEC: Spec = Spec {
    name: "msetex",
    summary: "Sets keys to strings with a deadline, under a condition that holds for all of them.",
    since: "8.4.0",
    group: Group::String,
    complexity: "O(N) for N keys",
    arity: -4,
    flags: &[Flag::Denyoom],
    keys: Keys::Counted { at: 1, step: 2 },
    syntax: "numkeys key value [key value ...] [NX | XX] \
             [EX seconds | PX milliseconds | EXAT unix-time-seconds | PXAT unix-time-milliseconds | KEEPTTL]",
    kind: Kind::Write(run),
    subcommands: &[],
};

#[derive(Debug, Default, PartialEq)]
struct Options<'a> {
    condition: Option<Condition<'a>>,
    deadline: Option<Deadline<'a>>,
}

fn parse(args: Args<'_>) -> Result<(Args<'_>, Options<'_>), Refusal> {
    let count = number::integer(args.at(1)).filter(|n| (1..=i64::from(i32::MAX)).contains(n));
    let values = 2 * count.ok_or(error::string::MSETEX_NUMKEYS)? as usize;
    if args.len() - 2 < values {
        return Err(error::string::MSETEX_PAIRS);
    }
    let mut options = Options::default();
    let mut i = 2 + values;
    while i < args.len() {
        let rest = args.from(i);
        match (Deadline::parse(rest), Condition::parse(rest)) {
            (Some((deadline, used)), _) if deadline != Deadline::Never => {
                deadline.put(&mut options.deadline)?;
                i += used;
            }
            (_, Some((condition, used))) if !condition.reads_value() => {
                condition.put(&mut options.condition)?;
                i += used;
            }
            _ => return Err(error::SYNTAX),
        }
    }
    Ok((args.from(2).up_to(values), options))
}

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    let (pairs, options) = parse(args)?;
    let deadline = options.deadline.unwrap_or(Deadline::Never).resolve(ctx.now_ms, ctx.spec.name)?;
    let existing = pairs::existing(ctx, pairs)?;
    let holds = match options.condition {
        Some(Condition::Absent) => existing == 0,
        Some(_) => existing == pairs.len() / 2,
        None => true,
    };
    match options.condition {
        _ if !holds => {}
        Some(Condition::Absent) => pairs::set_new(ctx, pairs, deadline)?,
        _ => pairs::set(ctx, pairs, deadline)?,
    }
    Ok(Reply::Integer(i64::from(holds)))
}

#[cfg(test)]
mod tests {
    use super::super::deadline::Unit;
    use super::*;
    use crate::command::args::OwnedArgs;

    fn refusal(line: &str) -> String {
        match parse(OwnedArgs::collect(line.split(' ')).as_args()) {
            Err(Refusal::Wire(line)) => line.into_owned(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn counts_must_fit() {
        assert_eq!(refusal("MSETEX 2147483648 a 1"), "ERR invalid numkeys value");
        assert_eq!(refusal("MSETEX 2147483647 a 1"), "ERR wrong number of key-value pairs");
        assert_eq!(refusal("MSETEX -1 a 1"), "ERR invalid numkeys value");
        assert_eq!(refusal("MSETEX 1 a 1 b 2"), "ERR syntax error");
        assert_eq!(refusal("MSETEX 1 a 1 EX 1 KEEPTTL"), "ERR syntax error");
        assert_eq!(refusal("MSETEX 1 a 1 PERSIST"), "ERR syntax error");
        assert_eq!(refusal("MSETEX 1 a 1 IFEQ x"), "ERR syntax error");
    }

    #[test]
    fn options_stand_in_any_order() {
        let call = OwnedArgs::collect("MSETEX 2 nx 1 b 2 px 10 XX".split(' '));
        let (pairs, options) = parse(call.as_args()).unwrap();
        assert_eq!(pairs.iter().collect::<Vec<_>>(), [b"nx", &b"1"[..], b"b", b"2"]);
        assert_eq!(options.condition, Some(Condition::Present));
        assert_eq!(options.deadline, Some(Deadline::At(Unit::Px, b"10")));
    }
}
