//! XINFO STREAM: the counters of a stream, its first and last entry; with FULL its entries and groups (`full.rs`).
//!
//! The one surprising rule: the key is looked for before the arguments are. `radix-tree-*` are there because monitors
//! ask for them; they are the number of chunks.

use super::super::{entry_reply, xcfgset};
use super::{full, named, number};
use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::{self, Refusal};
use crate::command::number as integer;
use crate::command::spec::{Group, Kind, Spec};
use crate::reply::Reply;
use brooklet_storage::store::Key;

/// XINFO STREAM.
pub static SPEC: Spec = Spec {
    name: "xinfo|stream",
    summary: "Shows a stream.",
    since: "5.0.0",
    group: Group::Stream,
    complexity: "O(1); O(N) with FULL, for N entries and pending entries that are shown",
    arity: -3,
    flags: &[],
    keys: super::KEY,
    syntax: "key [FULL [COUNT count]]",
    kind: Kind::Read(run),
    subcommands: &[],
};

/// Entries, and pending ones of each group and consumer, that FULL shows unless told otherwise.
const SHOWN: usize = 10;

/// How much to show: `None` = the counters only.
fn parse(args: Args<'_>) -> Result<Option<usize>, Refusal> {
    let is = |i: usize, word: &[u8]| args.at(i).eq_ignore_ascii_case(word);
    match args.len() {
        3 => Ok(None),
        4 if is(3, b"FULL") => Ok(Some(SHOWN)),
        6 if is(3, b"FULL") && is(4, b"COUNT") => Ok(Some(match integer::arg(args.at(5))? {
            0 => usize::MAX,
            n => usize::try_from(n).unwrap_or(SHOWN),
        })),
        _ => Err(error::stream::xinfo_syntax(args.at(1))),
    }
}

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    let key = super::stream(ctx, args)?;
    ctx.store().forget_old_ids(key);
    match parse(args)? {
        Some(shown) => full::answer(ctx, key, shown),
        None => brief(ctx, key),
    }
}

fn brief(ctx: &Ctx<'_>, key: Key) -> Result<Reply, Refusal> {
    let stream = ctx.stream(key);
    let (first, last) = (ctx.warm(key, stream.log.first())?, ctx.warm(key, stream.log.last())?);
    let entry = |entry: Option<_>| entry.map_or(Reply::Null, |entry| entry_reply(entry, None));
    let mut pairs = counters(ctx, key);
    pairs.extend([
        ("groups", Reply::count(stream.groups().len())),
        ("first-entry", entry(first)),
        ("last-entry", entry(last)),
    ]);
    Ok(named(pairs))
}

/// What both forms begin with.
pub(super) fn counters(ctx: &Ctx<'_>, key: Key) -> Vec<(&'static str, Reply)> {
    let stream = ctx.stream(key);
    let (duration_s, max_size) = xcfgset::current(ctx, key);
    let idempotency = stream.idempotency.as_deref();
    let (producers, ids) = idempotency.map_or((0, 0), |own| (own.producers(), own.ids()));
    vec![
        ("length", number(stream.len())),
        ("radix-tree-keys", Reply::count(stream.log.chunks())),
        ("radix-tree-nodes", Reply::count(stream.log.chunks() + 1)),
        ("last-generated-id", Reply::Id(stream.last_id)),
        ("max-deleted-entry-id", Reply::Id(stream.max_deleted)),
        ("entries-added", number(stream.entries_added)),
        ("recorded-first-entry-id", Reply::Id(stream.log.first_id())),
        ("idmp-duration", number(duration_s)),
        ("idmp-maxsize", number(max_size)),
        ("pids-tracked", Reply::count(producers)),
        ("iids-tracked", Reply::count(ids)),
        ("iids-added", number(idempotency.map_or(0, |own| own.added))),
        ("iids-duplicates", number(idempotency.map_or(0, |own| own.duplicates))),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::args::OwnedArgs;

    #[test]
    fn full_may_have_a_count() {
        let parsed = |line: &str| parse(OwnedArgs::collect(line.split(' ')).as_args());
        assert_eq!(parsed("XINFO STREAM s").unwrap(), None);
        assert_eq!(parsed("XINFO STREAM s full").unwrap(), Some(SHOWN));
        assert_eq!(parsed("XINFO STREAM s FULL count 0").unwrap(), Some(usize::MAX));
        assert_eq!(parsed("XINFO STREAM s FULL COUNT -3").unwrap(), Some(SHOWN));
        for bad in ["XINFO STREAM s COUNT", "XINFO STREAM s FULL COUNT", "XINFO STREAM s FULL COUNT x"] {
            assert!(parsed(bad).is_err(), "{bad}");
        }
    }
}
