//! XINFO: what is known of a stream, its groups and their consumers. One file for each subcommand.

pub mod consumers;
mod full;
pub mod groups;
pub mod stream;

use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::{self, Refusal};
use crate::command::help;
use crate::command::spec::{Group, Keys, Kind, Spec};
use crate::reply::Reply;
use brooklet_storage::store::Key;
use brooklet_storage::stream::Stream;
use brooklet_storage::stream::lag::reference_lag;

/// XINFO.
pub static SPEC: Spec = Spec {
    name: "xinfo",
    summary: "Shows streams, groups and consumers.",
    since: "5.0.0",
    group: Group::Stream,
    complexity: "Depends on the subcommand",
    arity: -2,
    flags: &[],
    keys: Keys::None,
    syntax: "",
    kind: Kind::Container,
    subcommands: &[&consumers::SPEC, &groups::SPEC, &HELP, &stream::SPEC],
};

static HELP: Spec = help::spec("xinfo|help", Group::Stream, "5.0.0");

/// The key of every subcommand.
const KEY: Keys = Keys::At { first: 2, last: 2, step: 1 };

/// The stream of a subcommand, which must exist.
fn stream(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Key, Refusal> {
    ctx.read_stream(args.at(2))?.ok_or(error::NO_SUCH_KEY)
}

/// A map with fixed keys.
fn named(pairs: impl IntoIterator<Item = (&'static str, Reply)>) -> Reply {
    Reply::Map(pairs.into_iter().map(|(name, value)| (Reply::text(name), value)).collect())
}

fn number(n: u64) -> Reply {
    Reply::Integer(i64::try_from(n).unwrap_or(i64::MAX))
}

/// A number that may be unknown.
fn known(n: Option<u64>) -> Reply {
    n.map_or(Reply::Null, number)
}

/// What a group has still to be given: the exact number, unless the reference's is wanted.
fn lag(ctx: &Ctx<'_>, stream: &Stream, group: &brooklet_storage::stream::group::Group) -> Reply {
    if ctx.engine.config.stream_exact_lag { number(stream.lag(group)) } else { known(reference_lag(stream, group)) }
}
