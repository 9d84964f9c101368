//! HSTRLEN: the length of a field's value.

use super::pairs;
use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::Refusal;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::reply::Reply;

/// HSTRLEN.
pub static SPEC: Spec = Spec {
    name: "hstrlen",
    summary: "Answers the length of a field's value.",
    since: "3.2.0",
    group: Group::Hash,
    complexity: "O(1)",
    arity: 3,
    flags: &[Flag::Fast],
    keys: Keys::ONE,
    syntax: "key field",
    kind: Kind::Read(run),
    subcommands: &[],
};

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    let key = pairs::read(ctx, args.at(1))?;
    Ok(Reply::count(key.and_then(|key| ctx.hash(key).get(args.at(2))).map_or(0, |value| value.len())))
}
