//! XGROUP: making, moving and removing consumer groups and their consumers. One file for each subcommand.

pub mod create;
pub mod createconsumer;
pub mod delconsumer;
pub mod destroy;
pub mod setid;

use super::group::InGroup;
use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::{self, Refusal};
use crate::command::help;
use crate::command::number;
use crate::command::spec::{Group, Keys, Kind, Spec};
use brooklet_storage::store::Key;

/// XGROUP.
pub static SPEC: Spec = Spec {
    name: "xgroup",
    summary: "Manages consumer groups.",
    since: "5.0.0",
    group: Group::Stream,
    complexity: "Depends on the subcommand",
    arity: -2,
    flags: &[],
    keys: Keys::None,
    syntax: "",
    kind: Kind::Container,
    subcommands: &[&create::SPEC, &createconsumer::SPEC, &delconsumer::SPEC, &destroy::SPEC, &HELP, &setid::SPEC],
};

static HELP: Spec = help::spec("xgroup|help", Group::Stream, "5.0.0");

/// The key of every subcommand.
const KEY: Keys = Keys::At { first: 2, last: 2, step: 1 };

/// The stream of a subcommand, which must exist.
fn stream(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Key, Refusal> {
    ctx.find_stream(args.at(2))?.ok_or(error::stream::XGROUP_NO_KEY)
}

/// The group of a subcommand, which must exist.
fn group(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<InGroup, Refusal> {
    let key = stream(ctx, args)?;
    let found = ctx.stream(key).group(args.at(3)).map(|g| g.number);
    let group = found.ok_or_else(|| error::stream::no_such_group(args.at(2), args.at(3)))?;
    Ok(InGroup { key, group })
}

/// What follows the id.
#[derive(Debug, Default, PartialEq, Eq)]
struct Options {
    make_stream: bool,
    /// Outer `None`: not given; inner: unknown (-1).
    entries_read: Option<Option<u64>>,
}

impl Options {
    /// Reads `[MKSTREAM] [ENTRIESREAD n]` from argument 5 on.
    fn parse(args: Args<'_>, make_stream_allowed: bool) -> Result<Options, Refusal> {
        let mut options = Options::default();
        let unknown = || error::stream::xgroup_syntax(args.at(1));
        let mut i = 5;
        while let Some(word) = args.get(i) {
            if make_stream_allowed && word.eq_ignore_ascii_case(b"MKSTREAM") {
                options.make_stream = true;
                i += 1;
            } else if let (true, Some(text)) = (word.eq_ignore_ascii_case(b"ENTRIESREAD"), args.get(i + 1)) {
                options.entries_read = Some(entries_read(text)?);
                i += 2;
            } else {
                return Err(unknown());
            }
        }
        Ok(options)
    }

    /// Entries that the group is taken to have read, never more than there were.
    fn read(&self, entries_added: u64) -> Option<u64> {
        self.entries_read.flatten().map(|n| n.min(entries_added))
    }
}

fn entries_read(text: &[u8]) -> Result<Option<u64>, Refusal> {
    match number::arg(text)? {
        -1 => Ok(None),
        n => u64::try_from(n).map(Some).map_err(|_| error::stream::ENTRIESREAD_NEGATIVE),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::args::OwnedArgs;

    #[test]
    fn options_are_read_in_any_order() {
        let parse = |line: &str, create| Options::parse(OwnedArgs::collect(line.split(' ')).as_args(), create).ok();
        let both = Options { make_stream: true, entries_read: Some(Some(3)) };
        assert_eq!(parse("XGROUP CREATE s g 0 ENTRIESREAD 3 MKSTREAM", true), Some(both));
        assert_eq!(parse("XGROUP SETID s g 0 ENTRIESREAD -1", false).map(|o| o.entries_read), Some(Some(None)));
        assert_eq!(parse("XGROUP SETID s g 0 MKSTREAM", false), None);
        assert_eq!(parse("XGROUP CREATE s g 0 ENTRIESREAD -2", true), None);
        assert_eq!(parse("XGROUP CREATE s g 0 ENTRIESREAD", true), None);
    }
}
