//! OBJECT FREQ: uses are not counted here, so it always refuses, as a server without an LFU policy does.

use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::{self, Refusal};
use crate::command::spec::{Group, Keys, Kind, Spec};
use crate::reply::Reply;

/// OBJECT FREQ.
pub static SPEC: Spec = Spec {
    name: "object|freq",
    summary: "Answers how often a key was used; not known here.",
    since: "4.0.0",
    group: Group::Keyspace,
    complexity: "O(1)",
    arity: 3,
    flags: &[],
    keys: Keys::At { first: 2, last: 2, step: 1 },
    syntax: "key",
    kind: Kind::Read(run),
    subcommands: &[],
};

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    match ctx.inspect(args.at(2))? {
        Some(_) => Err(error::keyspace::NO_LFU),
        None => Ok(Reply::Null),
    }
}
