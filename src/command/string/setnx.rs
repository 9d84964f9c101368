//! SETNX: the old form of `SET key value NX`.

use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::Refusal;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::reply::Reply;
use brooklet_storage::store::Class;

/// SETNX.
pub static SPEC: Spec = Spec {
    name: "setnx",
    summary: "Sets a key to a string if it does not exist.",
    since: "1.0.0",
    group: Group::String,
    complexity: "O(1)",
    arity: 3,
    flags: &[Flag::Denyoom, Flag::Fast],
    keys: Keys::ONE,
    syntax: "key value",
    kind: Kind::Write(run),
    subcommands: &[],
};

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    if ctx.find(args.at(1))?.is_some() {
        return Ok(Reply::Integer(0));
    }
    ctx.set_string(args.at(1), None, args.at(2), None);
    ctx.notify(Class::STRING, "set", args.at(1));
    Ok(Reply::Integer(1))
}
