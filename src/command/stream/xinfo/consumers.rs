//! XINFO CONSUMERS: the consumers of a group in byte order of their names.
//!
//! `idle` counts from a consumer's last call, `inactive` from its last call that gave it something (-1: there was none).

use super::named;
use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::{self, Refusal};
use crate::command::spec::{Group, Kind, Spec};
use crate::reply::Reply;

/// XINFO CONSUMERS.
pub static SPEC: Spec = Spec {
    name: "xinfo|consumers",
    summary: "Shows the consumers of a group.",
    since: "5.0.0",
    group: Group::Stream,
    complexity: "O(N) for N consumers",
    arity: 4,
    flags: &[],
    keys: super::KEY,
    syntax: "key group",
    kind: Kind::Read(run),
    subcommands: &[],
};

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    let key = super::stream(ctx, args)?;
    let group = ctx.stream(key).group(args.at(3));
    let group = group.ok_or_else(|| error::stream::no_such_group(args.at(2), args.at(3)))?;
    let since = |ms: i64| Reply::Integer(ctx.now_ms.saturating_sub(ms).max(0));
    let consumers = group.consumers().map(|(number, consumer)| {
        named([
            ("name", Reply::bulk(&consumer.name)),
            ("pending", Reply::count(group.pending.count_of(number))),
            ("idle", since(consumer.seen_ms)),
            ("inactive", if consumer.active_ms < 0 { Reply::Integer(-1) } else { since(consumer.active_ms) }),
        ])
    });
    Ok(Reply::Array(consumers.collect()))
}
