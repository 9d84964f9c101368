//! SETRANGE: overwrites bytes of a string from a position on; a gap before it is filled with zeros.
//!
//! An empty value changes nothing and creates nothing. A deadline stays.

use super::append::check_length;
use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::{self, Refusal};
use crate::command::number;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::reply::Reply;
use brooklet_storage::store::Class;
use bytes::Bytes;

/// SETRANGE.
pub static SPEC: Spec = Spec {
    name: "setrange",
    summary: "Overwrites a part of a string.",
    since: "2.2.0",
    group: Group::String,
    complexity: "O(N) for N bytes written or filled",
    arity: 4,
    flags: &[Flag::Denyoom],
    keys: Keys::ONE,
    syntax: "key offset value",
    kind: Kind::Write(run),
    subcommands: &[],
};

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    let (name, bytes) = (args.at(1), args.at(3));
    let offset = usize::try_from(number::arg(args.at(2))?).map_err(|_| error::string::OFFSET_OUT_OF_RANGE)?;
    let found = ctx.find_string(name)?.map(|(key, value)| (key, value.len()));
    if bytes.is_empty() {
        return Ok(Reply::count(found.map_or(0, |(_, len)| len)));
    }
    check_length(ctx, offset, bytes.len())?;
    let key = match found {
        Some((key, _)) => key,
        None => ctx.engine.store.set_string(ctx.db, name, None, Bytes::new(), None),
    };
    ctx.notify(Class::STRING, "setrange", name);
    Ok(Reply::count(ctx.store().patch_string(key, offset, bytes)))
}
