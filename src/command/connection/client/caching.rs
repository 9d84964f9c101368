//! CLIENT CACHING: whether the keys of the next call, or of the next transaction, are tracked.

use super::kinds;
use crate::broker::Ctx;
use crate::broker::tracking::Mode;
use crate::command::args::Args;
use crate::command::error::{self, Refusal};
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::reply::Reply;

/// CLIENT CACHING.
pub static SPEC: Spec = Spec {
    name: "client|caching",
    summary: "Says whether the keys of the next call are tracked.",
    since: "6.0.0",
    group: Group::Connection,
    complexity: "O(1)",
    arity: 3,
    flags: &[Flag::NoScript, Flag::Loading, Flag::Stale],
    keys: Keys::None,
    syntax: "<YES | NO>",
    kind: Kind::Session(run),
    subcommands: &[],
};

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    let tracker = ctx.engine.tracking.get_mut(ctx.client).ok_or(error::connection::CACHING_UNTRACKED)?;
    match (kinds::yes_or_no(args.at(2))?, tracker.mode) {
        (true, Mode::OptIn) | (false, Mode::OptOut) => tracker.caching = true,
        (true, _) => return Err(error::connection::CACHING_YES),
        (false, _) => return Err(error::connection::CACHING_NO),
    }
    Ok(Reply::OK)
}
