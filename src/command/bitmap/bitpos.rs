//! BITPOS: the first bit that is 0, or that is 1.
//!
//! Behind the end of a string everything is 0, unless the caller said where to stop.

use super::bits::{self, Span};
use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::{self, Refusal};
use crate::command::number;
use crate::command::spec::{Group, Keys, Kind, Spec};
use crate::reply::Reply;

/// BITPOS.
pub static SPEC: Spec = Spec {
    name: "bitpos",
    summary: "Finds the first bit that is 0 or 1.",
    since: "2.8.7",
    group: Group::Bitmap,
    complexity: "O(N) for N bytes",
    arity: -3,
    flags: &[],
    keys: Keys::ONE,
    syntax: "key bit [start [end [BYTE | BIT]]]",
    kind: Kind::Read(run),
    subcommands: &[],
};

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    let wanted = match number::arg(args.at(2))? {
        0 => false,
        1 => true,
        _ => return Err(error::bitmap::BIT_ARGUMENT),
    };
    let span = if args.len() == 3 { Span::ALL } else { Span::parse(args.from(3), true)? };
    let Some((_, value)) = ctx.read_string(args.at(1))? else {
        return Ok(Reply::Integer(if wanted { -1 } else { 0 }));
    };
    let range = span.bits(value.len());
    if range.is_empty() {
        return Ok(Reply::Integer(-1));
    }
    let end = range.end;
    Ok(Reply::Integer(match bits::find(&value, range, wanted) {
        Some(at) => at as i64,
        None if !wanted && !span.has_end() => end as i64,
        None => -1,
    }))
}
