//! MEMORY USAGE: bytes of memory that a key takes, about. What of it is only on disk does not count.
//!
//! SAMPLES is read for the sake of tools and has no effect: nothing is estimated from samples.

use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::{self, Refusal};
use crate::command::number;
use crate::command::spec::{Group, Keys, Kind, Spec};
use crate::reply::Reply;

/// MEMORY USAGE.
pub static SPEC: Spec = Spec {
    name: "memory|usage",
    summary: "Answers how many bytes of memory a key takes.",
    since: "4.0.0",
    group: Group::Server,
    complexity: "O(1)",
    arity: -3,
    flags: &[],
    keys: Keys::At { first: 2, last: 2, step: 1 },
    syntax: "key [SAMPLES count]",
    kind: Kind::Read(run),
    subcommands: &[],
};

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    check_options(args.from(3))?;
    let Some(key) = ctx.engine.store.peek(ctx.db, args.at(2))? else { return Ok(Reply::Null) };
    Ok(Reply::count(ctx.engine.store.object(key).memory() + NAME_CELL))
}

/// Bytes of a name's place in the table of names.
const NAME_CELL: usize = 16;

fn check_options(args: Args<'_>) -> Result<(), Refusal> {
    let mut i = 0;
    while i < args.len() {
        if !args.at(i).eq_ignore_ascii_case(b"SAMPLES") || i + 1 == args.len() {
            return Err(error::SYNTAX);
        }
        if number::arg(args.at(i + 1))? < 0 {
            return Err(error::SYNTAX);
        }
        i += 2;
    }
    Ok(())
}
