//! MGET: the values of many keys; what is missing or no string is a null.

use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::Refusal;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::reply::Reply;

/// MGET.
pub static SPEC: Spec = Spec {
    name: "mget",
    summary: "Answers the string values of keys.",
    since: "1.0.0",
    group: Group::String,
    complexity: "O(N) for N keys",
    arity: -2,
    flags: &[Flag::Fast],
    keys: Keys::ALL,
    syntax: "key [key ...]",
    kind: Kind::Read(run),
    subcommands: &[],
};

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    let names = args.from(1).iter();
    ctx.all_warm(names.clone())?;
    let mut values = Vec::with_capacity(names.len());
    for name in names {
        let key = ctx.look_up(name)?;
        let value = key.and_then(|key| ctx.engine.store.string(key));
        values.push(value.map_or(Reply::Null, |value| Reply::Bulk(value.clone())));
    }
    Ok(Reply::Array(values))
}
