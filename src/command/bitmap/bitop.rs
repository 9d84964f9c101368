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

    /// What becomes of the bytes that stand at one place.
    fn of(self, first: u8, others: impl Iterator<Item = u8>) -> u8 {
        match self {
            Operation::And => others.fold(first, |a, b| a & b),
            Operation::Or => others.fold(first, |a, b| a | b),
            Operation::Xor => others.fold(first, |a, b| a ^ b),
            Operation::Not => !first,
            Operation::Diff => first & !others.fold(0, |a, b| a | b),
            Operation::Diff1 => !first & others.fold(0, |a, b| a | b),
            Operation::AndOr => first & others.fold(0, |a, b| a | b),
            Operation::One => {
                let (once, _) = others.fold((first, 0), |(once, more), b| {
                    let more = more | (once & b);
                    ((once ^ b) & !more, more)
                });
                once
            }
        }
    }
}

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    let operation = Operation::parse(args)?;
    ctx.all_warm(args.from(2).iter())?;
    let mut sources: Vec<Bytes> = Vec::with_capacity(args.len() - 3);
    for name in args.from(3).iter() {
        sources.push(ctx.find_string(name)?.map(|(_, value)| value).unwrap_or_default());
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

fn combine(operation: Operation, sources: &[Bytes], len: usize) -> Vec<u8> {
    let byte = |source: &Bytes, at: usize| source.get(at).copied().unwrap_or(0);
    let (first, others) = sources.split_first().map_or((Bytes::new(), &[][..]), |(f, o)| (f.clone(), o));
    (0..len).map(|at| operation.of(byte(&first, at), others.iter().map(|source| byte(source, at)))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operations_on_bytes() {
        let of = |operation: Operation, bytes: [u8; 3]| operation.of(bytes[0], bytes[1..].iter().copied());
        let bytes = [0b1111_0000, 0b1100_1100, 0b1010_1010];
        assert_eq!(of(Operation::And, bytes), 0b1000_0000);
        assert_eq!(of(Operation::Or, bytes), 0b1111_1110);
        assert_eq!(of(Operation::Xor, bytes), 0b1001_0110);
        assert_eq!(of(Operation::Diff, bytes), 0b0001_0000);
        assert_eq!(of(Operation::Diff1, bytes), 0b0000_1110);
        assert_eq!(of(Operation::AndOr, bytes), 0b1110_0000);
        assert_eq!(of(Operation::One, bytes), 0b0001_0110);
    }
}
