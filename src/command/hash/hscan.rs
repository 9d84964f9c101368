//! HSCAN: walks the fields a few at a time; see `storage/src/value/table.rs` for what a cursor means.

use super::pairs;
use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::Refusal;
use crate::command::scanning::{self, Over, Scan};
use crate::command::spec::{Group, Keys, Kind, Spec};
use crate::reply::Reply;

/// HSCAN.
pub static SPEC: Spec = Spec {
    name: "hscan",
    summary: "Answers some fields, and where to go on.",
    since: "2.8.0",
    group: Group::Hash,
    complexity: "O(1) for each call, O(N) for all of N fields",
    arity: -3,
    flags: &[],
    keys: Keys::ONE,
    syntax: "key cursor [MATCH pattern] [COUNT count] [NOVALUES]",
    kind: Kind::Read(run),
    subcommands: &[],
};

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    let cursor = scanning::cursor(args.at(2))?;
    let Some(key) = pairs::read(ctx, args.at(1))? else { return Ok(scanning::reply(0, Vec::new())) };
    let scan = Scan::parse(cursor, args.from(3), Over::Fields)?;
    let mut found = Vec::new();
    let next = ctx.hash(key).fields().walk(scan.cursor, scan.count, |name, field| {
        if scan.wants(name) {
            found.push(Reply::Bulk(name.clone()));
            if !scan.names_only {
                found.push(Reply::Bulk(field.value.clone()));
            }
        }
    });
    Ok(scanning::reply(next, found))
}
