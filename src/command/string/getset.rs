//! GETSET: the old form of `SET key value GET`. A deadline goes.

use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::Refusal;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::reply::Reply;
use brooklet_storage::store::Class;

/// GETSET.
pub static SPEC: Spec = Spec {
    name: "getset",
    summary: "Sets a key to a string and answers the one it had.",
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
    let (name, value) = (args.at(1), args.at(2));
    let old = ctx.read_string(name)?;
    ctx.set_string(name, old.as_ref().map(|(key, _)| *key), value, None);
    ctx.notify(Class::STRING, "set", name);
    Ok(old.map_or(Reply::Null, |(_, value)| Reply::Bulk(value)))
}
