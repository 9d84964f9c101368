//! MULTI: from here on calls are queued; EXEC runs them as one. A MULTI inside MULTI is an error and spoils nothing.

use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::{self, Refusal};
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::reply::Reply;

/// MULTI.
pub static SPEC: Spec = Spec {
    name: "multi",
    summary: "Begins to queue calls.",
    since: "1.2.0",
    group: Group::Transaction,
    complexity: "O(1)",
    arity: 1,
    flags: &[Flag::NoScript, Flag::Loading, Flag::Stale, Flag::Fast, Flag::AllowBusy, Flag::Unqueued],
    keys: Keys::None,
    syntax: "",
    kind: Kind::Session(run),
    subcommands: &[],
};

fn run(ctx: &mut Ctx<'_>, _: Args<'_>) -> Result<Reply, Refusal> {
    let Some(client) = ctx.engine.clients.get_mut(ctx.client) else { return Ok(Reply::Null) };
    if client.transaction.is_some() {
        return Err(error::transaction::NESTED_MULTI);
    }
    client.transaction = Some(Box::default());
    Ok(Reply::OK)
}
