//! LASTSAVE: when the last checkpoint was completed, in Unix seconds; before the first one, when the server started.

use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::Refusal;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::reply::Reply;

/// LASTSAVE.
pub static SPEC: Spec = Spec {
    name: "lastsave",
    summary: "Answers the time of the last checkpoint.",
    since: "1.0.0",
    group: Group::Server,
    complexity: "O(1)",
    arity: 1,
    flags: &[Flag::Loading, Flag::Stale, Flag::Fast, Flag::AdminCategory],
    keys: Keys::None,
    syntax: "",
    kind: Kind::Admin(run),
    subcommands: &[],
};

fn run(ctx: &mut Ctx<'_>, _: Args<'_>) -> Result<Reply, Refusal> {
    Ok(Reply::Integer(ctx.engine.tasks.last_checkpoint_s() as i64))
}
