//! SORT_RO: SORT that stores nothing.

use super::run;
use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::Refusal;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::reply::Reply;

/// SORT_RO.
pub static SPEC: Spec = Spec {
    name: "sort_ro",
    summary: "Answers the elements of a list, set or sorted set in order.",
    since: "7.0.0",
    group: Group::Sorting,
    complexity: "O(N+M*log(M)) for N elements, of which M are answered",
    arity: -2,
    flags: &[Flag::Dangerous],
    keys: Keys::Sort { stores: false },
    syntax: "key [BY pattern] [LIMIT offset count] [GET pattern [GET pattern ...]] [ASC | DESC] [ALPHA]",
    kind: Kind::Read(run),
    subcommands: &[],
};

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    run::sorted(ctx, args, false).map(|(sorted, _)| run::reply(sorted))
}
