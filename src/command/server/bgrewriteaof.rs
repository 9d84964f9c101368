//! BGREWRITEAOF: asks for a checkpoint, which is what makes the journal short here.

use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::Refusal;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::reply::Reply;

/// BGREWRITEAOF.
pub static SPEC: Spec = Spec {
    name: "bgrewriteaof",
    summary: "Asks for a checkpoint, so that the journal becomes short.",
    since: "1.0.0",
    group: Group::Server,
    complexity: "O(1)",
    arity: 1,
    flags: &[Flag::Admin, Flag::NoScript, Flag::NoAsyncLoading],
    keys: Keys::None,
    syntax: "",
    kind: Kind::Admin(run),
    subcommands: &[],
};

fn run(ctx: &mut Ctx<'_>, _: Args<'_>) -> Result<Reply, Refusal> {
    ctx.engine.tasks.request_checkpoint();
    Ok(Reply::Status("Background append only file rewriting started".into()))
}
