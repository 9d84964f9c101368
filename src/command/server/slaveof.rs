//! SLAVEOF: the old name of REPLICAOF.

use super::replicaof::replicate;
use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::Refusal;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::reply::Reply;

/// SLAVEOF.
pub static SPEC: Spec = Spec {
    name: "slaveof",
    summary: "Accepts only that this server follows nobody.",
    since: "1.0.0",
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
