//! BITOP: combines strings bit by bit into a key. Shorter ones are filled up with zeros; nothing left means no key.

use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::{self, Refusal};
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::reply::Reply;
use brooklet_storage::store::Class;
use bytes::Bytes;

/// BITOP.
pub static SPEC: Spec = Spec {
    name: "bitop",
    summary: "Stores what a bitwise operation makes of strings.",
    since: "2.6.0",
    group: Group::Bitmap,
    complexity: "O(N) for N bytes",
    arity: -4,
    flags: &[Flag::Denyoom],
    keys: Keys::At { first: 2, last: -1, step: 1 },
    syntax: "<AND | OR | XOR | NOT | DIFF | DIFF1 | ANDOR | ONE> destkey key [key ...]",
    kind: Kind::Write(run),
    subcommands: &[],
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operation {
    And,
    Or,
    Xor,
    Not,
    /// In the first, in none of the others.
    Diff,
    /// In one of the others, not in the first.
    Diff1,
    /// In the first and in one of the others.
    AndOr,
    /// In exactly one.
    One,
}

impl Operation {
    fn parse(args: Args<'_>) -> Result<Operation, Refusal> {
        let sources = args.len() - 3;
        let operation = match args.at(1).to_ascii_uppercase().as_slice() {
            b"AND" => Operation::And,
            b"OR" => Operation::Or,
            b"XOR" => Operation::Xor,
            b"NOT" if sources != 1 => return Err(error::bitmap::NOT_SOURCES),
            b"NOT" => Operation::Not,
            b"DIFF" => Operation::Diff,
            b"DIFF1" => Operation::Diff1,
            b"ANDOR" => Operation::AndOr,
            b"ONE" => Operation::One,
            _ => return Err(error::SYNTAX),
        };
        let name = match operation {
            Operation::Diff => "DIFF",
            Operation::Diff1 => "DIFF1",
            Operation::AndOr => "ANDOR",
            _ => return Ok(operation),
        };
        if sources < 2 { Err(error::bitmap::two_sources(name)) } else { Ok(operation) }
    }
}

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    let operation = Operation::parse(args)?;
    ctx.all_warm(args.from(2).iter())?;
    let mut sources: Vec<Bytes> = Vec::with_capacity(args.len() - 3);
    for name in args.from(3).iter() {
        sources.push(ctx.read_string(name)?.map(|(_, value)| value).unwrap_or_default());
    }
    let len = sources.iter().map(Bytes::len).max().unwrap_or(0);
    let old = ctx.find(args.at(2))?;
    if len == 0 {
        if let Some(key) = old {
            ctx.delete(key);
        }
        return Ok(Reply::Integer(0));
    }
    let combined = combine(operation, &sources, len);
    ctx.engine.store.set_string(ctx.db, args.at(2), old, combined.into(), None);
    ctx.notify(Class::STRING, "set", args.at(2));
    Ok(Reply::count(len))
}

/// A source of `len` bytes, filled up with zeros.
fn filled(source: &[u8], len: usize) -> Vec<u8> {
    let mut filled = Vec::with_capacity(len);
    filled.extend_from_slice(source);
    filled.resize(len, 0);
    filled
}

/// Takes a source into what was made of those before it; behind its end it is zeros.
fn take_in(made: &mut [u8], source: &[u8], of: impl Fn(u8, u8) -> u8) {
    let (both, rest) = made.split_at_mut(source.len().min(made.len()));
    both.iter_mut().zip(source).for_each(|(made, byte)| *made = of(*made, *byte));
    rest.iter_mut().for_each(|made| *made = of(*made, 0));
}

fn combine(operation: Operation, sources: &[Bytes], len: usize) -> Vec<u8> {
    let Some((first, others)) = sources.split_first() else { return Vec::new() };
    let mut made = filled(first, len);
    // Source by source: loops over two runs of bytes are what the processor is fast at.
    match operation {
        Operation::And => others.iter().for_each(|source| take_in(&mut made, source, |a, b| a & b)),
        Operation::Or => others.iter().for_each(|source| take_in(&mut made, source, |a, b| a | b)),
        Operation::Xor => others.iter().for_each(|source| take_in(&mut made, source, |a, b| a ^ b)),
        Operation::Diff => others.iter().for_each(|source| take_in(&mut made, source, |a, b| a & !b)),
        Operation::Not => made.iter_mut().for_each(|byte| *byte = !*byte),
        Operation::Diff1 => take_in(&mut made, &combine(Operation::Or, others, len), |a, b| !a & b),
        Operation::AndOr => take_in(&mut made, &combine(Operation::Or, others, len), |a, b| a & b),
        Operation::One => {
            let mut more = vec![0; len];
            for source in others {
                more.iter_mut().zip(&made).zip(&source[..]).for_each(|((more, once), byte)| *more |= once & byte);
                take_in(&mut made, source, |a, b| a | b);
            }
            take_in(&mut made, &more, |a, b| a & !b);
        }
    }
    made
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operations_on_bytes() {
        let sources = [&[0b1111_0000, 0xff][..], &[0b1100_1100], &[0b1010_1010, 0b0000_1111, 0b0011_0000]];
        let sources = sources.map(Bytes::from_static);
        for (operation, made) in [
            (Operation::And, [0b1000_0000, 0, 0]),
            (Operation::Or, [0b1111_1110, 0xff, 0b0011_0000]),
            (Operation::Xor, [0b1001_0110, 0b1111_0000, 0b0011_0000]),
            (Operation::Diff, [0b0001_0000, 0b1111_0000, 0]),
            (Operation::Diff1, [0b0000_1110, 0, 0b0011_0000]),
            (Operation::AndOr, [0b1110_0000, 0b0000_1111, 0]),
            (Operation::One, [0b0001_0110, 0b1111_0000, 0b0011_0000]),
        ] {
            assert_eq!(combine(operation, &sources, 3), made, "{operation:?}");
        }
        assert_eq!(combine(Operation::Not, &sources[..1], 2), [0b0000_1111, 0]);
    }
}
