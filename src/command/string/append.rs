//! APPEND: adds bytes to the end of a string, creating it if need be. A deadline stays.

use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::{self, Refusal};
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::reply::Reply;
use brooklet_storage::store::Class;

/// APPEND.
pub static SPEC: Spec = Spec {
    name: "append",
    summary: "Adds bytes to the end of a string.",
    since: "2.0.0",
    group: Group::String,
    complexity: "O(1) amortized",
    arity: 3,
    flags: &[Flag::Denyoom, Flag::Fast],
    keys: Keys::ONE,
    syntax: "key value",
    kind: Kind::Write(run),
    subcommands: &[],
};

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    let (name, more) = (args.at(1), args.at(2));
    let Some((key, value)) = ctx.find_string(name)? else {
        ctx.set_string(name, None, more, None);
        ctx.notify(Class::STRING, "append", name);
        return Ok(Reply::count(more.len()));
    };
    let len = value.len();
    // Held no longer than needed: bytes that nobody else holds are changed in place.
    drop(value);
    check_length(ctx, len, more.len())?;
    ctx.notify(Class::STRING, "append", name);
    if more.is_empty() {
        // Who watches the key is told all the same, as in the reference.
        ctx.store().touch_key(key);
        return Ok(Reply::count(len));
    }
    Ok(Reply::count(ctx.store().patch_string(key, len, more)))
}

/// Refuses a string that would grow beyond the longest argument.
pub(super) fn check_length(ctx: &Ctx<'_>, offset: usize, more: usize) -> Result<(), Refusal> {
    let len = offset.checked_add(more).map_or(u64::MAX, |len| len as u64);
    if len > ctx.engine.config.proto_max_bulk_len { Err(error::string::TOO_LONG) } else { Ok(()) }
}
