//! ZSCAN: walks the members a few at a time; scores are text in both protocols.

use super::scores;
use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::Refusal;
use crate::command::scanning::{self, Over, Scan};
use crate::command::spec::{Group, Keys, Kind, Spec};
use crate::reply::Reply;

/// ZSCAN.
pub static SPEC: Spec = Spec {
    name: "zscan",
    summary: "Answers some members, and where to go on.",
    since: "2.8.0",
    group: Group::SortedSet,
    complexity: "O(1) for each call, O(N) for all of N members",
    arity: -3,
    flags: &[],
    keys: Keys::ONE,
    syntax: "key cursor [MATCH pattern] [COUNT count]",
    kind: Kind::Read(run),
    subcommands: &[],
};

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    let cursor = scanning::cursor(args.at(2))?;
    let Some(key) = scores::read(ctx, args.at(1))? else { return Ok(scanning::reply(0, Vec::new())) };
    let scan = Scan::parse(cursor, args.from(3), Over::Members)?;
    let mut found = Vec::new();
    let next = ctx.sorted_set(key).walk(scan.cursor, scan.count, |member, score| {
        if scan.wants(member) {
            found.extend([Reply::bulk(member), scores::text(score)]);
        }
    });
    Ok(scanning::reply(next, found))
}
