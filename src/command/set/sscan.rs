//! SSCAN: walks the members a few at a time; see `storage/src/value/table.rs` for what a cursor means.

use super::members;
use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::Refusal;
use crate::command::scanning::{self, Over, Scan};
use crate::command::spec::{Group, Keys, Kind, Spec};
use crate::reply::Reply;

/// SSCAN.
pub static SPEC: Spec = Spec {
    name: "sscan",
    summary: "Answers some members, and where to go on.",
    since: "2.8.0",
    group: Group::Set,
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
    let Some(key) = members::read(ctx, args.at(1))? else { return Ok(scanning::reply(0, Vec::new())) };
    let scan = Scan::parse(cursor, args.from(3), Over::Members)?;
    let mut found = Vec::new();
    let next = ctx.set(key).walk(scan.cursor, scan.count, |member| {
        if scan.wants(member) {
            found.push(Reply::bulk(member));
        }
    });
    Ok(scanning::reply(next, found))
}
