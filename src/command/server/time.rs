//! TIME: the server's clock: Unix seconds, and the microseconds of the current one. Both as strings.

use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::Refusal;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::reply::Reply;

/// TIME.
pub static SPEC: Spec = Spec {
    name: "time",
    summary: "Answers the time.",
    since: "2.6.0",
    group: Group::Server,
    complexity: "O(1)",
    arity: 1,
    flags: &[Flag::Loading, Flag::Stale, Flag::Fast],
    keys: Keys::None,
    syntax: "",
    kind: Kind::Admin(run),
    subcommands: &[],
};

fn run(ctx: &mut Ctx<'_>, _: Args<'_>) -> Result<Reply, Refusal> {
    // All of a script happens at one time.
    let now_us = ctx.engine.script_us.unwrap_or_else(|| ctx.engine.clock.now_us());
    let text = |n: i64| Reply::bulk(n.to_string());
    Ok(Reply::Array(vec![text(now_us / 1_000_000), text(now_us % 1_000_000)]))
}
