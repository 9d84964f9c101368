//! DELIFEQ: deletes a string if it is this one: how a lock is released. Valkey's form of `DELEX key IFEQ value`.

use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::Refusal;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::reply::Reply;

/// DELIFEQ.
pub static SPEC: Spec = Spec {
    name: "delifeq",
    summary: "Deletes a key if its string value is this one.",
    since: "9.0.0",
    group: Group::String,
    complexity: "O(1)",
    arity: 3,
    flags: &[Flag::Fast],
    keys: Keys::ONE,
    syntax: "key value",
    kind: Kind::Write(run),
    subcommands: &[],
};

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    match ctx.find_string(args.at(1))? {
        Some((key, value)) if value == args.at(2) => {
            ctx.delete(key);
            Ok(Reply::Integer(1))
        }
        _ => Ok(Reply::Integer(0)),
    }
}
