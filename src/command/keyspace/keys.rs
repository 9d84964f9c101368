//! KEYS: all names that match a pattern, those of keys that are only on disk included.
//!
//! Looks at every name under the engine lock: SCAN is for databases in use.

use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::{self, Refusal};
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::glob::{self, Case};
use crate::reply::Reply;

/// KEYS.
pub static SPEC: Spec = Spec {
    name: "keys",
    summary: "Answers all names that match a pattern.",
    since: "1.0.0",
    group: Group::Keyspace,
    complexity: "O(N) for N keys in the database",
    arity: 2,
    flags: &[Flag::Dangerous],
    keys: Keys::None,
    syntax: "pattern",
    kind: Kind::Read(run),
    subcommands: &[],
};

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    let pattern = args.at(1);
    if glob::is_literal(pattern) {
        let found = ctx.engine.store.peek(ctx.db, pattern)?;
        return Ok(Reply::Array(found.map(|_| Reply::bulk(pattern)).into_iter().collect()));
    }
    if pattern.len() > glob::MAX_PATTERN {
        return Err(error::keyspace::PATTERN_TOO_LONG);
    }
    let (mut names, mut next) = (Vec::new(), None);
    while next != Some(0) {
        next = Some(ctx.engine.store.walk(ctx.db, next.unwrap_or(0), usize::MAX, ctx.names(), |name, _| {
            if pattern == b"*" || glob::matches(pattern, name, Case::Exact) {
                names.push(Reply::bulk(name));
            }
        })?);
    }
    Ok(Reply::Array(names))
}
