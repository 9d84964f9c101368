//! HGET: the value of a field.

use super::pairs;
use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::Refusal;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::reply::Reply;

/// HGET.
pub static SPEC: Spec = Spec {
    name: "hget",
    summary: "Answers the value of a field.",
    since: "2.0.0",
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
    Ok(pairs::value(ctx, key, args.at(2)))
}
