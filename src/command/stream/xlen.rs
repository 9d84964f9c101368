//! XLEN: how many entries a stream has.

use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::Refusal;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::reply::Reply;

/// XLEN.
pub static SPEC: Spec = Spec {
    name: "xlen",
    summary: "Answers how many entries a stream has.",
    since: "5.0.0",
    group: Group::Stream,
    complexity: "O(1)",
    arity: 2,
    flags: &[Flag::Fast],
    keys: Keys::ONE,
    syntax: "key",
    kind: Kind::Read(run),
    subcommands: &[],
};

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    let key = ctx.read_stream(args.at(1))?;
    Ok(Reply::Integer(key.map_or(0, |key| ctx.stream(key).len() as i64)))
}
