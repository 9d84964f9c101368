//! WATCH: the next EXEC runs nothing if one of these keys is touched before it, by whomever, this connection included.
//!
//! Touched is what was written, even if the same value; also what vanished at its deadline. A key that does not exist may be
//! watched: it is touched when it comes.

use super::queue;
use crate::broker::Ctx;
use crate::broker::watch::Seen;
use crate::command::args::Args;
use crate::command::error::{self, Refusal};
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::reply::Reply;

/// WATCH.
pub static SPEC: Spec = Spec {
    name: "watch",
    summary: "Makes the next EXEC depend on keys being left alone.",
    since: "2.2.0",
    group: Group::Transaction,
    complexity: "O(N) for N keys",
    arity: -2,
    flags: &[Flag::NoScript, Flag::Loading, Flag::Stale, Flag::Fast, Flag::AllowBusy, Flag::Unqueued],
    keys: Keys::ALL,
    syntax: "key [key ...]",
    kind: Kind::Session(run),
    subcommands: &[],
};

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    let Some(client) = ctx.engine.clients.get(ctx.client) else { return Ok(Reply::Null) };
    if client.transaction.is_some() {
        return Err(error::transaction::WATCH_IN_MULTI);
    }
    if client.watch_broken {
        // EXEC will run nothing anyway.
        return Ok(Reply::OK);
    }
    let (client, db, names) = (ctx.client, ctx.db, args.from(1).iter());
    ctx.all_warm(names.clone())?;
    for name in names {
        let key = ctx.engine.store.peek(db, name)?;
        if ctx.engine.watches.contains(client, db, name) {
            continue;
        }
        let seen = Seen { existed: key.is_some(), deadline_ms: key.and_then(|key| ctx.engine.store.deadline(key)) };
        ctx.engine.watch(client, name, db, seen);
    }
    queue::keep_in_bounds(ctx.engine, client, 0);
    Ok(Reply::OK)
}
