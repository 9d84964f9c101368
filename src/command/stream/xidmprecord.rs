//! XIDMPRECORD: writes down which entry an idempotent append made, for copies and migrations. Doing it twice is fine.

use super::id;
use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::{self, Refusal};
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::reply::Reply;
use brooklet_storage::StreamId;

/// XIDMPRECORD.
pub static SPEC: Spec = Spec {
    name: "xidmprecord",
    summary: "Records which entry an idempotent append made.",
    since: "8.8.0",
    group: Group::Stream,
    complexity: "O(1)",
    arity: 5,
    flags: &[Flag::Denyoom, Flag::Fast],
    keys: Keys::ONE,
    syntax: "key producer-id idempotent-id stream-id",
    kind: Kind::Write(run),
    subcommands: &[],
};

fn parse(args: Args<'_>) -> Result<(&[u8], &[u8], StreamId), Refusal> {
    match (args.at(2), args.at(3)) {
        (b"", _) => Err(error::stream::XIDMPRECORD_NO_PRODUCER),
        (_, b"") => Err(error::stream::XIDMPRECORD_NO_IID),
        (producer, iid) => Ok((producer, iid, id::strict(args.at(4), 0)?)),
    }
}

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    let (producer, iid, id) = parse(args)?;
    let key = ctx.find_stream(args.at(1))?.ok_or(error::NO_SUCH_KEY)?;
    if !ctx.warm(key, ctx.stream(key).log.contains(id))? {
        return Err(error::stream::XIDMPRECORD_NO_ENTRY);
    }
    ctx.store().forget_old_ids(key);
    let known = ctx.stream(key).idempotency.as_ref().and_then(|ids| ids.get(producer, iid));
    match known {
        Some(known) if known == id => {}
        Some(_) => return Err(error::stream::XIDMPRECORD_OTHER_ENTRY),
        None => super::xadd::record(ctx, key, producer, iid, id),
    }
    Ok(Reply::OK)
}
