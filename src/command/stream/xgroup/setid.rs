//! XGROUP SETID: moves a group's cursor, either way. What is pending stays; who waits goes on waiting for new entries.

use super::Options;
use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::Refusal;
use crate::command::spec::{Group, Kind, Spec};
use crate::command::stream::id;
use crate::reply::Reply;
use brooklet_storage::batch::Effect;
use brooklet_storage::store::Class;

/// XGROUP SETID.
pub static SPEC: Spec = Spec {
    name: "xgroup|setid",
    summary: "Sets the last id that a group is taken to have been given.",
    since: "5.0.0",
    group: Group::Stream,
    complexity: "O(log(S)), S the stream's sealed chunks",
    arity: -5,
    flags: &[],
    keys: super::KEY,
    syntax: "key group <id | $> [ENTRIESREAD entries-read]",
    kind: Kind::Write(run),
    subcommands: &[],
};

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    let options = Options::parse(args, false)?;
    let at = super::group(ctx, args)?;
    let stream = ctx.stream(at.key);
    let last = match args.at(4) {
        b"$" => stream.last_id,
        text => id::loose(text, 0)?,
    };
    let passed = ctx.warm(at.key, stream.passed_at(last))?;
    let read = options.read(stream.entries_added);
    ctx.store().change(at.key, &Effect::GroupCursor { group: at.group, last, read, passed });
    ctx.notify_key(Class::STREAM, "xgroup-setid", at.key);
    Ok(Reply::OK)
}
