//! BLPOP: takes an element from the front of the first of several lists that is there, or waits for one to come.

use super::ends;
use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::Refusal;
use crate::command::spec::{Group, Keys, Kind, Spec};
use crate::command::waiting;
use crate::reply::Reply;

/// BLPOP.
pub static SPEC: Spec = Spec {
    name: "blpop",
    summary: "Takes an element from the front of the first list that has one, waiting for it if need be.",
    since: "2.0.0",
    group: Group::List,
    complexity: "O(N) for N keys",
    arity: -3,
    flags: &[],
    keys: Keys::At { first: 1, last: -2, step: 1 },
    syntax: "key [key ...] timeout",
    kind: Kind::BlockingWrite(|ctx, args| run(ctx, args, false)),
    subcommands: &[],
};

/// Takes an element from one end, or waits.
pub(super) fn run(ctx: &mut Ctx<'_>, args: Args<'_>, back: bool) -> Result<Reply, Refusal> {
    let timeout_ms = waiting::timeout(args.at(args.len() - 1), ctx.now_ms)?;
    let names = args.from(1).up_to(args.len() - 2);
    match ends::first_list(ctx, names)? {
        Some((name, key)) => {
            let mut answer = vec![Reply::bulk(name)];
            answer.extend(ends::take(ctx, key, back, 1));
            Ok(Reply::Array(answer))
        }
        None => Err(waiting::park(names.iter(), timeout_ms, Reply::NullArray)),
    }
}
