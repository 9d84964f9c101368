//! FLUSHDB and FLUSHALL: deletes all keys of one database, or of all. ASYNC and SYNC make no difference here: the
//! records on disk always go in the background.

use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::{self, Refusal};
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::reply::Reply;
use std::ops::Range;

/// FLUSHDB.
pub static SPEC: Spec = Spec {
    name: "flushdb",
    summary: "Deletes all keys of the database.",
    since: "1.0.0",
    group: Group::Keyspace,
    complexity: "O(N) for N keys in memory",
    arity: -1,
    flags: &[Flag::Dangerous],
    keys: Keys::None,
    syntax: "[ASYNC | SYNC]",
    kind: Kind::Write(|ctx, args| run(ctx, args, ctx.db..ctx.db + 1)),
    subcommands: &[],
};

/// Deletes all keys of `databases`.
pub(super) fn run(ctx: &mut Ctx<'_>, args: Args<'_>, databases: Range<u32>) -> Result<Reply, Refusal> {
    let known = |word: &[u8]| word.eq_ignore_ascii_case(b"ASYNC") || word.eq_ignore_ascii_case(b"SYNC");
    if args.len() > 2 || args.get(1).is_some_and(|word| !known(word)) {
        return Err(error::SYNTAX);
    }
    for db in databases {
        if !ctx.engine.store.database(db).is_empty() {
            ctx.store().flush(db);
            ctx.signal_database(db);
        }
    }
    ctx.store().touch_all();
    Ok(Reply::OK)
}
