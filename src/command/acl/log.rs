//! ACL LOG: what was denied lately, newest first, or forgets it.

use crate::acl::Entry;
use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::{self, Refusal};
use crate::command::number;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::reply::Reply;

/// ACL LOG.
pub static SPEC: Spec = Spec {
    name: "acl|log",
    summary: "Lists what was denied lately.",
    since: "6.0.0",
    group: Group::Server,
    complexity: "O(N) for N entries",
    arity: -2,
    flags: &[Flag::Admin, Flag::NoScript, Flag::Loading, Flag::Stale],
    keys: Keys::None,
    syntax: "[count | RESET]",
    kind: Kind::Admin(run),
    subcommands: &[],
};

/// Entries, if nobody says how many.
const USUAL: usize = 10;

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    let count = match (args.get(2), args.len()) {
        (None, _) => USUAL,
        (Some(word), 3) if word.eq_ignore_ascii_case(b"RESET") => {
            ctx.engine.access.log.clear();
            return Ok(Reply::OK);
        }
        (Some(count), 3) => usize::try_from(number::arg(count)?).unwrap_or(0),
        _ => return Err(error::acl::arguments(args.at(1))),
    };
    let now_ms = ctx.engine.clock.now_ms();
    Ok(Reply::Array(ctx.engine.access.log.iter().take(count).map(|entry| describe(entry, now_ms)).collect()))
}

fn describe(entry: &Entry, now_ms: i64) -> Reply {
    Reply::Map(vec![
        (Reply::text("count"), Reply::Integer(entry.count as i64)),
        (Reply::text("reason"), Reply::text(entry.reason.name())),
        (Reply::text("context"), Reply::text(entry.context.name())),
        (Reply::text("object"), Reply::bulk(&entry.object)),
        (Reply::text("username"), Reply::bulk(&entry.username)),
        (Reply::text("age-seconds"), Reply::Double((now_ms - entry.updated_ms) as f64 / 1000.0)),
        (Reply::text("client-info"), Reply::bulk(&entry.client)),
        (Reply::text("entry-id"), Reply::Integer(entry.id as i64)),
        (Reply::text("timestamp-created"), Reply::Integer(entry.created_ms)),
        (Reply::text("timestamp-last-updated"), Reply::Integer(entry.updated_ms)),
    ])
}
