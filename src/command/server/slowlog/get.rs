//! SLOWLOG GET: slow calls, newest first; ten unless told otherwise, all with -1. Passwords are not in it.

use crate::broker::Ctx;
use crate::broker::stats::SlowCall;
use crate::command::args::Args;
use crate::command::error::{self, Refusal};
use crate::command::number;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::reply::Reply;

/// SLOWLOG GET.
pub static SPEC: Spec = Spec {
    name: "slowlog|get",
    summary: "Lists slow calls.",
    since: "2.2.12",
    group: Group::Server,
    complexity: "O(N) for N calls",
    arity: -2,
    flags: &[Flag::Admin, Flag::Loading, Flag::Stale],
    keys: Keys::None,
    syntax: "[count]",
    kind: Kind::Admin(run),
    subcommands: &[],
};

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    let count = match args.get(2) {
        None => 10,
        Some(_) if args.len() > 3 => return Err(error::unknown_or_arity("SLOWLOG", args.at(1))),
        Some(text) => number::integer(text).filter(|n| *n >= -1).ok_or(error::server::SLOWLOG_COUNT)?,
    };
    let count = usize::try_from(count).unwrap_or(usize::MAX);
    Ok(Reply::Array(ctx.engine.stats.slow.iter().take(count).map(entry).collect()))
}

fn entry(call: &SlowCall) -> Reply {
    Reply::Array(vec![
        Reply::Integer(call.id as i64),
        Reply::Integer(call.at_s),
        Reply::Integer(call.micros as i64),
        Reply::Array(call.args.iter().map(Reply::bulk).collect()),
        Reply::bulk(&call.addr),
        Reply::bulk(&call.client_name),
    ])
}
