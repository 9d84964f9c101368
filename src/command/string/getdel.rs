//! GETDEL: answers a string and deletes its key.

use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::Refusal;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::reply::Reply;

/// GETDEL.
pub static SPEC: Spec = Spec {
    name: "getdel",
    summary: "Answers the string value of a key and deletes the key.",
    since: "6.2.0",
    group: Group::String,
    complexity: "O(1)",
    arity: 2,
    flags: &[Flag::Fast],
    keys: Keys::ONE,
    syntax: "key",
    kind: Kind::Write(run),
    subcommands: &[],
};

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    let Some((key, value)) = ctx.read_string(args.at(1))? else { return Ok(Reply::Null) };
    ctx.delete(key);
    Ok(Reply::Bulk(value))
}
