//! XINFO GROUPS: the groups of a stream in byte order of their names, where each stands and its lag.

use super::{known, lag, named};
use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::Refusal;
use crate::command::spec::{Group, Kind, Spec};
use crate::reply::Reply;

/// XINFO GROUPS.
pub static SPEC: Spec = Spec {
    name: "xinfo|groups",
    summary: "Shows the groups of a stream.",
    since: "5.0.0",
    group: Group::Stream,
    complexity: "O(N) for N groups",
    arity: 3,
    flags: &[],
    keys: super::KEY,
    syntax: "key",
    kind: Kind::Read(run),
    subcommands: &[],
};

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    let key = super::stream(ctx, args)?;
    let stream = ctx.stream(key);
    let groups = stream.groups().map(|(name, group)| {
        named([
            ("name", Reply::bulk(name)),
            ("consumers", Reply::count(group.consumers().len())),
            ("pending", Reply::count(group.pending.len())),
            ("last-delivered-id", Reply::Id(group.last_delivered)),
            ("entries-read", known(group.entries_read)),
            ("lag", lag(ctx, stream, group)),
        ])
    });
    Ok(Reply::Array(groups.collect()))
}
