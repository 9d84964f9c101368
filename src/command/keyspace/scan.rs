//! SCAN: walks the names of a database a few at a time.
//!
//! The cursor is the hash to go on from, and 0 at both ends, so it stays good whatever happens to the keys: one that is
//! there all the time is answered. Of keys that are only on disk no more than the names are read. COUNT says how many
//! names are looked at; fewer match MATCH and TYPE.

use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::{self, Refusal};
use crate::command::number;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::glob::{self, Case};
use crate::reply::Reply;

/// SCAN.
pub static SPEC: Spec = Spec {
    name: "scan",
    summary: "Answers some names, and where to go on.",
    since: "2.8.0",
    group: Group::Keyspace,
    complexity: "O(1) for each call, O(N) for all of N keys",
    arity: -2,
    flags: &[Flag::NondeterministicOutput],
    keys: Keys::None,
    syntax: "cursor [MATCH pattern] [COUNT count] [TYPE type]",
    kind: Kind::Read(run),
    subcommands: &[],
};

/// Names looked at unless COUNT says otherwise.
const COUNT: usize = 10;

#[derive(Debug, PartialEq)]
struct Options<'a> {
    cursor: u64,
    pattern: Option<&'a [u8]>,
    count: usize,
    type_name: Option<&'a [u8]>,
}

fn parse(args: Args<'_>) -> Result<Options<'_>, Refusal> {
    let cursor = cursor(args.at(1)).ok_or(error::INVALID_CURSOR)?;
    let mut options = Options { cursor, pattern: None, count: COUNT, type_name: None };
    let mut i = 2;
    while let Some(word) = args.get(i) {
        let is = |name: &str| word.eq_ignore_ascii_case(name.as_bytes());
        let operand = args.get(i + 1).ok_or(error::SYNTAX)?;
        match () {
            () if is("COUNT") => {
                let count = number::arg(operand)?;
                options.count = usize::try_from(count).ok().filter(|n| *n > 0).ok_or(error::SYNTAX)?;
            }
            () if is("MATCH") => options.pattern = Some(operand),
            () if is("TYPE") => options.type_name = Some(operand),
            () => return Err(error::SYNTAX),
        }
        i += 2;
    }
    Ok(options)
}

/// Unsigned, with a plus, spaces before and leading zeros allowed.
fn cursor(text: &[u8]) -> Option<u64> {
    let text = text.trim_ascii_start();
    brooklet_storage::id::parse_u64(text.strip_prefix(b"+").unwrap_or(text))
}

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    let options = parse(args)?;
    let pattern = options.pattern.filter(|p| *p != b"*");
    if pattern.is_some_and(|p| p.len() > glob::MAX_PATTERN) {
        return Err(error::keyspace::PATTERN_TOO_LONG);
    }
    let wanted = |name: &[u8], kind: brooklet_storage::keyspace::object::Kind| {
        options.type_name.is_none_or(|t| t.eq_ignore_ascii_case(kind.name().as_bytes()))
            && pattern.is_none_or(|p| glob::matches(p, name, Case::Exact))
    };
    let mut names = Vec::new();
    let next = ctx.engine.store.walk(ctx.db, options.cursor, options.count, ctx.names(), |name, kind| {
        if wanted(name, kind) {
            names.push(Reply::bulk(name));
        }
    })?;
    Ok(Reply::Array(vec![Reply::bulk(next.to_string()), Reply::Array(names)]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursors() {
        for (text, expected) in [
            ("0", Some(0)),
            ("007", Some(7)),
            (" +7", Some(7)),
            ("18446744073709551615", Some(u64::MAX)),
            ("18446744073709551616", None),
            ("-1", None),
            ("7 ", None),
            ("", None),
            ("+", None),
            ("0x1", None),
        ] {
            assert_eq!(cursor(text.as_bytes()), expected, "{text:?}");
        }
    }
}
