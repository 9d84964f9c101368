//! LCS: the longest sequence of bytes that two strings have in common, not necessarily side by side.
//!
//! IDX answers the matching parts instead, last ones first. A table of both lengths is built: strings whose table would
//! be larger than `proto-max-bulk-len` are refused.

use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::{self, Refusal};
use crate::command::number;
use crate::command::spec::{Group, Keys, Kind, Spec};
use crate::reply::Reply;
use brooklet_storage::store::Key;
use bytes::Bytes;

/// LCS.
pub static SPEC: Spec = Spec {
    name: "lcs",
    summary: "Answers the longest common subsequence of two strings.",
    since: "7.0.0",
    group: Group::String,
    complexity: "O(N*M) for strings of N and M bytes",
    arity: -3,
    flags: &[],
    keys: Keys::At { first: 1, last: 2, step: 1 },
    syntax: "key1 key2 [LEN] [IDX] [MINMATCHLEN min-match-len] [WITHMATCHLEN]",
    kind: Kind::Read(run),
    subcommands: &[],
};

#[derive(Debug, Default, PartialEq)]
struct Options {
    len: bool,
    idx: bool,
    min_len: i64,
    with_len: bool,
}

fn parse(args: Args<'_>) -> Result<Options, Refusal> {
    let mut options = Options::default();
    let mut i = 3;
    while let Some(word) = args.get(i) {
        let is = |name: &str| word.eq_ignore_ascii_case(name.as_bytes());
        match () {
            () if is("LEN") => options.len = true,
            () if is("IDX") => options.idx = true,
            () if is("WITHMATCHLEN") => options.with_len = true,
            () if is("MINMATCHLEN") && i + 1 < args.len() => {
                i += 1;
                options.min_len = number::arg(args.at(i))?;
            }
            () => return Err(error::SYNTAX),
        }
        i += 1;
    }
    if options.len && options.idx { Err(error::string::LCS_LEN_AND_IDX) } else { Ok(options) }
}

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    ctx.all_warm([args.at(1), args.at(2)])?;
    let keys = (ctx.look_up(args.at(1))?, ctx.look_up(args.at(2))?);
    let (a, b) = (string(ctx, keys.0)?, string(ctx, keys.1)?);
    let options = parse(args)?;
    let cells = (a.len() as u64 + 1).saturating_mul(b.len() as u64 + 1);
    if cells.saturating_mul(4) > ctx.engine.config.proto_max_bulk_len {
        return Err(error::string::LCS_MEMORY);
    }
    let table = Table::new(&a, &b);
    if options.len {
        return Ok(Reply::Integer(i64::from(table.at(a.len(), b.len()))));
    }
    let (common, matches) = table.trace();
    Ok(if options.idx { indexes(&options, common.len(), &matches) } else { Reply::bulk(common) })
}

fn string(ctx: &Ctx<'_>, key: Option<Key>) -> Result<Bytes, Refusal> {
    let Some(key) = key else { return Ok(Bytes::new()) };
    ctx.engine.store.string(key).cloned().ok_or(error::string::LCS_TYPE)
}

/// A part that both strings have: where it begins in each, and its length.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Match {
    a: usize,
    b: usize,
    len: usize,
}

fn indexes(options: &Options, common: usize, matches: &[Match]) -> Reply {
    let span = |start: usize, len: usize| Reply::Array(vec![Reply::count(start), Reply::count(start + len - 1)]);
    let listed = matches.iter().filter(|m| m.len as i64 >= options.min_len).map(|m| {
        let mut parts = vec![span(m.a, m.len), span(m.b, m.len)];
        if options.with_len {
            parts.push(Reply::count(m.len));
        }
        Reply::Array(parts)
    });
    Reply::Map(vec![
        (Reply::text("matches"), Reply::Array(listed.collect())),
        (Reply::text("len"), Reply::count(common)),
    ])
}

/// Length of the longest common subsequence of every two prefixes.
struct Table<'a> {
    a: &'a [u8],
    b: &'a [u8],
    lengths: Vec<u32>,
}

impl<'a> Table<'a> {
    fn new(a: &'a [u8], b: &'a [u8]) -> Table<'a> {
        let width = b.len() + 1;
        let mut lengths = vec![0; (a.len() + 1) * width];
        for (i, x) in a.iter().enumerate() {
            let (done, row) = lengths.split_at_mut((i + 1) * width);
            let above = &done[i * width..];
            for (j, y) in b.iter().enumerate() {
                row[j + 1] = if x == y { above[j] + 1 } else { above[j + 1].max(row[j]) };
            }
        }
        Table { a, b, lengths }
    }

    fn at(&self, i: usize, j: usize) -> u32 {
        self.lengths[i * (self.b.len() + 1) + j]
    }

    /// Walks back from the end: the common bytes in order, and the parts they form, last one first.
    fn trace(&self) -> (Vec<u8>, Vec<Match>) {
        let (mut i, mut j) = (self.a.len(), self.b.len());
        let (mut common, mut matches): (Vec<u8>, Vec<Match>) = (Vec::new(), Vec::new());
        while i > 0 && j > 0 {
            if self.a[i - 1] != self.b[j - 1] {
                if self.at(i - 1, j) > self.at(i, j - 1) {
                    i -= 1
                } else {
                    j -= 1
                }
                continue;
            }
            common.push(self.a[i - 1]);
            match matches.last_mut().filter(|m| (m.a, m.b) == (i, j)) {
                Some(m) => *m = Match { a: i - 1, b: j - 1, len: m.len + 1 },
                None => matches.push(Match { a: i - 1, b: j - 1, len: 1 }),
            }
            (i, j) = (i - 1, j - 1);
        }
        common.reverse();
        (common, matches)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documented_example() {
        let (common, matches) = Table::new(b"ohmytext", b"mynewtext").trace();
        assert_eq!(common, b"mytext");
        assert_eq!(matches, [Match { a: 4, b: 5, len: 4 }, Match { a: 2, b: 0, len: 2 }]);
        assert_eq!(Table::new(b"", b"x").trace(), (vec![], vec![]));
    }
}
