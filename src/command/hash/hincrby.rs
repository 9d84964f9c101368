//! HINCRBY: adds an integer to a field, whose deadline stays.

use super::pairs;
use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::{self, Refusal};
use crate::command::number;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::reply::Reply;
use brooklet_storage::store::Class;

/// HINCRBY.
pub static SPEC: Spec = Spec {
    name: "hincrby",
    summary: "Adds an integer to a field.",
    since: "2.0.0",
    group: Group::Hash,
    complexity: "O(1)",
    arity: 4,
    flags: &[Flag::Denyoom, Flag::Fast],
    keys: Keys::ONE,
    syntax: "key field increment",
    kind: Kind::Write(run),
    subcommands: &[],
};

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    let delta = number::arg(args.at(3))?;
    let found = pairs::find(ctx, args.at(1))?;
    let old = match found.and_then(|key| ctx.hash(key).get(args.at(2))) {
        Some(value) => number::integer_or(value, error::hash::NOT_INTEGER)?,
        None => 0,
    };
    let sum = old.checked_add(delta).ok_or(error::string::OVERFLOW)?;
    pairs::replace(ctx, args.at(1), found, args.at(2), itoa::Buffer::new().format(sum).as_bytes());
    ctx.notify(Class::HASH, "hincrby", args.at(1));
    Ok(Reply::Integer(sum))
}
