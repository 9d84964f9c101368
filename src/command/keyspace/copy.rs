//! COPY: a second key with the same value and deadline; groups and pending entries of a stream included.
//!
//! The two then live on their own. All of the value must be in memory for it.

use super::database;
use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::{self, Refusal};
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::reply::Reply;

/// COPY.
pub static SPEC: Spec = Spec {
    name: "copy",
    summary: "Copies a key.",
    since: "6.2.0",
    group: Group::Keyspace,
    complexity: "O(N) for a value of N bytes",
    arity: -3,
    flags: &[Flag::Denyoom],
    keys: Keys::At { first: 1, last: 2, step: 1 },
    syntax: "source destination [DB destination-db] [REPLACE]",
    kind: Kind::Write(run),
    subcommands: &[],
};

#[derive(Debug, PartialEq)]
struct Options {
    db: u32,
    replace: bool,
}

fn parse(ctx: &Ctx<'_>, args: Args<'_>) -> Result<Options, Refusal> {
    let mut options = Options { db: ctx.db, replace: false };
    let mut i = 3;
    while let Some(word) = args.get(i) {
        if word.eq_ignore_ascii_case(b"REPLACE") {
            options.replace = true;
            i += 1;
        } else if word.eq_ignore_ascii_case(b"DB") && i + 1 < args.len() {
            options.db = database::index(ctx, args.at(i + 1))?;
            i += 2;
        } else {
            return Err(error::SYNTAX);
        }
    }
    Ok(options)
}

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    let options = parse(ctx, args)?;
    let (from, to) = (args.at(1), args.at(2));
    if from == to && options.db == ctx.db {
        return Err(error::keyspace::SAME_OBJECT);
    }
    let Some(key) = ctx.look_up(from)? else { return Ok(Reply::Integer(0)) };
    let target = ctx.engine.store.find(options.db, to)?;
    if target.is_some() && !options.replace {
        return Ok(Reply::Integer(0));
    }
    database::all_in_memory(ctx, key)?;
    ctx.store().copy(key, options.db, to, target);
    Ok(Reply::Integer(1))
}
