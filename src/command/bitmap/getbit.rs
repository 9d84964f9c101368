//! GETBIT: one bit of a string; 0 behind its end.

use super::bits;
use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::Refusal;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::reply::Reply;

/// GETBIT.
pub static SPEC: Spec = Spec {
    name: "getbit",
    summary: "Answers one bit of a string.",
    since: "2.2.0",
    group: Group::Bitmap,
    complexity: "O(1)",
    arity: 3,
    flags: &[Flag::Fast],
    keys: Keys::ONE,
    syntax: "key offset",
    kind: Kind::Read(run),
    subcommands: &[],
};

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    let at = bits::offset(ctx, args.at(2))?;
    let found = ctx.read_string(args.at(1))?;
    Ok(Reply::Integer(found.is_some_and(|(_, value)| bits::get(&value, at)).into()))
}
