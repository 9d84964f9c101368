//! TTL, PTTL, EXPIRETIME, PEXPIRETIME: the deadline of a key. -1: it has none; -2: there is no such key.
//!
//! Seconds are rounded to the nearest.

use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::Refusal;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::reply::Reply;

/// TTL.
pub static SPEC: Spec = Spec {
    name: "ttl",
    summary: "Answers how many seconds a key has left.",
    since: "1.0.0",
    group: Group::Keyspace,
    complexity: "O(1)",
    arity: 2,
    flags: &[Flag::Fast],
    keys: Keys::ONE,
    syntax: "key",
    kind: Kind::Read(|ctx, args| run(ctx, args, |at_ms, now_ms| seconds(at_ms - now_ms))),
    subcommands: &[],
};

/// Milliseconds as seconds.
pub(super) fn seconds(ms: i64) -> i64 {
    ms.saturating_add(500) / 1000
}

/// Answers what `show` makes of the deadline and the time.
pub(super) fn run(ctx: &mut Ctx<'_>, args: Args<'_>, show: fn(i64, i64) -> i64) -> Result<Reply, Refusal> {
    let Some(key) = ctx.peek(args.at(1))? else { return Ok(Reply::Integer(-2)) };
    let deadline_ms = ctx.engine.store.object(key).deadline_ms;
    Ok(Reply::Integer(deadline_ms.map_or(-1, |at| show(at as i64, ctx.now_ms))))
}
