//! SCAN: walks the names of a database a few at a time.
//!
//! The cursor is the hash to go on from, and 0 at both ends, so it stays good whatever happens to the keys: one that is
//! there all the time is answered. Of keys that are only on disk no more than the names are read. COUNT says how many
//! names are looked at; fewer match MATCH and TYPE.

use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::Refusal;
use crate::command::scanning::{self, Over, Scan};
use crate::command::spec::{Group, Keys, Kind, Spec};
use crate::reply::Reply;

/// SCAN.
pub static SPEC: Spec = Spec {
    name: "scan",
    summary: "Answers some names, and where to go on.",
    since: "2.8.0",
    group: Group::Keyspace,
    complexity: "O(1) for each call, O(N) for all of N keys",
    arity: -2,
    flags: &[],
    keys: Keys::None,
    syntax: "cursor [MATCH pattern] [COUNT count] [TYPE type]",
    kind: Kind::Read(run),
    subcommands: &[],
};

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    let scan = Scan::parse(scanning::cursor(args.at(1))?, args.from(2), Over::Keys)?;
    let mut names = Vec::new();
    let next = ctx.engine.store.walk(ctx.db, scan.cursor, scan.count, ctx.names(), |name, kind| {
        if scan.type_name.is_none_or(|t| t.eq_ignore_ascii_case(kind.name().as_bytes())) && scan.wants(name) {
            names.push(Reply::bulk(name));
        }
    })?;
    Ok(scanning::reply(next, names))
}
