//! RENAMENX: gives a key another name unless that is taken; 1 if it did.

use super::rename;
use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::Refusal;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::reply::Reply;

/// RENAMENX.
pub static SPEC: Spec = Spec {
    name: "renamenx",
    summary: "Gives a key another name if that is free.",
    since: "1.0.0",
    group: Group::Keyspace,
    complexity: "O(1)",
    arity: 3,
    flags: &[Flag::Fast],
    keys: Keys::At { first: 1, last: 2, step: 1 },
    syntax: "key newkey",
    kind: Kind::Write(run),
    subcommands: &[],
};

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    let (key, None) = rename::find(ctx, args)? else { return Ok(Reply::Integer(0)) };
    let db = ctx.db;
    ctx.store().rename(key, db, args.at(2), None);
    Ok(Reply::Integer(1))
}
