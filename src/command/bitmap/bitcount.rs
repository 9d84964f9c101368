//! BITCOUNT: how many bits of a string, or of a range of it, are 1.

use super::bits::{self, Span};
use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::{self, Refusal};
use crate::command::spec::{Group, Keys, Kind, Spec};
use crate::reply::Reply;

/// BITCOUNT.
pub static SPEC: Spec = Spec {
    name: "bitcount",
    summary: "Counts the bits that are 1.",
    since: "2.6.0",
    group: Group::Bitmap,
    complexity: "O(N) for N bytes",
    arity: -2,
    flags: &[],
    keys: Keys::ONE,
    syntax: "key [start end [BYTE | BIT]]",
    kind: Kind::Read(run),
    subcommands: &[],
};

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    let span = match args.len() {
        2 => Span::ALL,
        3 => return Err(error::SYNTAX),
        _ => Span::parse(args.from(2), false)?,
    };
    let Some((_, value)) = ctx.read_string(args.at(1))? else { return Ok(Reply::Integer(0)) };
    Ok(Reply::Integer(bits::count(&value, span.bits(value.len())) as i64))
}
