//! DISCARD: forgets the queue, and ends all watches.

use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::{self, Refusal};
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::reply::Reply;

/// DISCARD.
pub static SPEC: Spec = Spec {
    name: "discard",
    summary: "Forgets what was queued since MULTI.",
    since: "2.0.0",
    group: Group::Transaction,
    complexity: "O(N) for N queued calls and watched keys",
    arity: 1,
    flags: &[Flag::NoScript, Flag::Loading, Flag::Stale, Flag::Fast, Flag::AllowBusy, Flag::Unqueued],
    keys: Keys::None,
    syntax: "",
    kind: Kind::Session(run),
    subcommands: &[],
};

fn run(ctx: &mut Ctx<'_>, _: Args<'_>) -> Result<Reply, Refusal> {
    if ctx.engine.clients.get(ctx.client).is_none_or(|c| c.transaction.is_none()) {
        return Err(error::transaction::DISCARD_WITHOUT_MULTI);
    }
    ctx.engine.discard(ctx.client);
    Ok(Reply::OK)
}
