//! REPLICAOF: this server follows nobody. NO ONE is therefore done already; everything else is refused.

use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::{self, Refusal};
use crate::command::number;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::reply::Reply;

/// REPLICAOF.
pub static SPEC: Spec = Spec {
    name: "replicaof",
    summary: "Accepts only that this server follows nobody.",
    since: "5.0.0",
    group: Group::Server,
    complexity: "O(1)",
    arity: 3,
    flags: &[Flag::Admin, Flag::NoScript, Flag::Stale, Flag::NoAsyncLoading],
    keys: Keys::None,
    syntax: "<host port | NO ONE>",
    kind: Kind::Admin(run),
    subcommands: &[],
};

fn run(_: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    replicate(args)
}

pub(super) fn replicate(args: Args<'_>) -> Result<Reply, Refusal> {
    if args.at(1).eq_ignore_ascii_case(b"NO") && args.at(2).eq_ignore_ascii_case(b"ONE") {
        return Ok(Reply::OK);
    }
    match number::integer(args.at(2)) {
        Some(0..=65535) => Err(error::server::NO_REPLICATION),
        _ => Err(error::server::BAD_PORT),
    }
}
