//! CLIENT TRACKINGINFO: how this connection tracks.

use crate::broker::Ctx;
use crate::broker::tracking::{Mode, Tracker};
use crate::command::args::Args;
use crate::command::error::Refusal;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::reply::Reply;

/// CLIENT TRACKINGINFO.
pub static SPEC: Spec = Spec {
    name: "client|trackinginfo",
    summary: "Describes how this connection tracks keys.",
    since: "6.2.0",
    group: Group::Connection,
    complexity: "O(1)",
    arity: 2,
    flags: &[Flag::NoScript, Flag::Loading, Flag::Stale],
    keys: Keys::None,
    syntax: "",
    kind: Kind::Session(run),
    subcommands: &[],
};

fn run(ctx: &mut Ctx<'_>, _: Args<'_>) -> Result<Reply, Refusal> {
    let tracker = ctx.engine.tracking.get(ctx.client);
    let flags = tracker.map_or_else(|| vec!["off"], flags);
    let prefixes = tracker.into_iter().flat_map(|t| &t.prefixes).map(Reply::bulk).collect();
    Ok(Reply::Map(vec![
        (Reply::text("flags"), Reply::Set(flags.into_iter().map(Reply::text).collect())),
        (Reply::text("redirect"), Reply::Integer(ctx.engine.redirect_of(ctx.client))),
        (Reply::text("prefixes"), Reply::Array(prefixes)),
    ]))
}

fn flags(tracker: &Tracker) -> Vec<&'static str> {
    let (opt_in, opt_out) = (tracker.mode == Mode::OptIn, tracker.mode == Mode::OptOut);
    let all = [
        (true, "on"),
        (tracker.mode == Mode::Broadcast, "bcast"),
        (opt_in, "optin"),
        (opt_in && tracker.caching, "caching-yes"),
        (opt_out, "optout"),
        (opt_out && tracker.caching, "caching-no"),
        (tracker.no_loop, "noloop"),
        (tracker.broken, "broken_redirect"),
    ];
    all.iter().filter(|(is_set, _)| *is_set).map(|(_, word)| *word).collect()
}
