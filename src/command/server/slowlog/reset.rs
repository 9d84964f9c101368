//! SLOWLOG RESET: forgets the slow calls. Their numbers go on.

use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::Refusal;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::reply::Reply;

/// SLOWLOG RESET.
pub static SPEC: Spec = Spec {
    name: "slowlog|reset",
    summary: "Forgets the slow calls.",
    since: "2.2.12",
    group: Group::Server,
    complexity: "O(N) for N calls",
    arity: 2,
    flags: &[Flag::Admin, Flag::Loading, Flag::Stale],
    keys: Keys::None,
    syntax: "",
    kind: Kind::Admin(run),
    subcommands: &[],
};

fn run(ctx: &mut Ctx<'_>, _: Args<'_>) -> Result<Reply, Refusal> {
    ctx.engine.stats.slow.clear();
    Ok(Reply::OK)
}
