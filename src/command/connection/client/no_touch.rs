//! CLIENT NO-TOUCH: lets the commands of this connection leave no trace of use on keys.

use super::kinds;
use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::Refusal;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::reply::Reply;

/// CLIENT NO-TOUCH.
pub static SPEC: Spec = Spec {
    name: "client|no-touch",
    summary: "Lets the commands of this connection leave no trace of use on keys.",
    since: "7.2.0",
    group: Group::Connection,
    complexity: "O(1)",
    arity: 3,
    flags: &[Flag::NoScript, Flag::Loading, Flag::Stale],
    keys: Keys::None,
    syntax: "<ON | OFF>",
    kind: Kind::Session(run),
    subcommands: &[],
};

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    let on = kinds::on_or_off(args.at(2))?;
    if let Some(client) = ctx.engine.clients.get_mut(ctx.client) {
        client.no_touch = on;
    }
    Ok(Reply::OK)
}
