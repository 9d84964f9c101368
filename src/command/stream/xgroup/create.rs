//! XGROUP CREATE: a new group that has everything up to an id behind it; `$` is the top of the stream.

use super::Options;
use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::{self, Refusal};
use crate::command::spec::{Flag, Group, Kind, Spec};
use crate::command::stream::id;
use crate::reply::Reply;
use brooklet_storage::StreamId;
use brooklet_storage::batch::Effect;
use brooklet_storage::store::Class;

/// XGROUP CREATE.
pub static SPEC: Spec = Spec {
    name: "xgroup|create",
    summary: "Creates a consumer group.",
    since: "5.0.0",
    group: Group::Stream,
    complexity: "O(log(S)), S the stream's sealed chunks",
    arity: -5,
    flags: &[Flag::Denyoom],
    keys: super::KEY,
    syntax: "key group <id | $> [MKSTREAM] [ENTRIESREAD entries-read]",
    kind: Kind::Write(run),
    subcommands: &[],
};

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    let options = Options::parse(args, true)?;
    let (name, group_name) = (args.at(2), args.at(3));
    let found = ctx.find_stream(name)?;
    if found.is_none() && !options.make_stream {
        return Err(error::stream::XGROUP_NO_KEY);
    }
    let stream = found.map(|key| ctx.stream(key));
    let last = match args.at(4) {
        b"$" => stream.map_or(StreamId::MIN, |s| s.last_id),
        text => id::strict(text, 0)?,
    };
    if stream.is_some_and(|s| s.group(group_name).is_some()) {
        return Err(error::stream::BUSYGROUP);
    }
    let passed = match found {
        Some(key) => ctx.warm(key, ctx.stream(key).passed_at(last))?,
        None => 0,
    };
    let read = options.read(stream.map_or(0, |s| s.entries_added));
    let key = found.unwrap_or_else(|| ctx.engine.store.create_stream(ctx.db, name));
    let group = ctx.stream(key).next_group();
    ctx.store().change(key, &Effect::GroupCreate { group, name: group_name, last, read, passed });
    ctx.notify(Class::STREAM, "xgroup-create", name);
    Ok(Reply::OK)
}
