//! PUBSUB: who listens to what.

mod channels;
mod num_pat;
mod num_sub;
mod shard_channels;
mod shard_num_sub;

use crate::broker::Ctx;
use crate::broker::pubsub::Space;
use crate::command::args::Args;
use crate::command::error::{self, Refusal};
use crate::command::help;
use crate::command::spec::{Group, Keys, Kind, Spec};
use crate::glob::{self, Case};
use crate::reply::Reply;

/// PUBSUB.
pub static SPEC: Spec = Spec {
    name: "pubsub",
    summary: "Holds commands about channels.",
    since: "2.8.0",
    group: Group::PubSub,
    complexity: "Depends on the subcommand",
    arity: -2,
    flags: &[],
    keys: Keys::None,
    syntax: "",
    kind: Kind::Container,
    subcommands: &[&channels::SPEC, &num_sub::SPEC, &num_pat::SPEC, &shard_channels::SPEC, &shard_num_sub::SPEC, &HELP],
};

static HELP: Spec = help::spec("pubsub|help", Group::PubSub, "6.2.0");

/// The names of a space that somebody listens to, those that match a pattern if there is one.
fn active(ctx: &Ctx<'_>, args: Args<'_>, space: Space) -> Result<Reply, Refusal> {
    let pattern = args.get(2);
    if args.len() > 3 {
        return Err(error::pubsub::too_many(args.at(1)));
    }
    if pattern.is_some_and(|pattern| pattern.len() > glob::MAX_PATTERN) {
        return Err(error::keyspace::PATTERN_TOO_LONG);
    }
    let chosen = |name: &&[u8]| pattern.is_none_or(|pattern| glob::matches(pattern, name, Case::Exact));
    Ok(Reply::Array(ctx.engine.pubsub.names(space).filter(chosen).map(Reply::bulk).collect()))
}

/// How many listen to each name.
fn counted(ctx: &Ctx<'_>, args: Args<'_>, space: Space) -> Reply {
    let one = |name: &[u8]| [Reply::bulk(name), Reply::count(ctx.engine.pubsub.listeners(space, name))];
    Reply::Array(args.from(2).iter().flat_map(one).collect())
}
