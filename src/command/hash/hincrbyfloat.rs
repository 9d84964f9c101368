//! HINCRBYFLOAT: adds a number with a fraction to a field, whose deadline stays; the answer is text.

use super::pairs;
use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::{self, Refusal};
use crate::command::extended::Extended;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::reply::Reply;
use brooklet_storage::store::Class;

/// HINCRBYFLOAT.
pub static SPEC: Spec = Spec {
    name: "hincrbyfloat",
    summary: "Adds a number with a fraction to a field.",
    since: "2.6.0",
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
    let delta = Extended::parse(args.at(3)).ok_or(error::NOT_FLOAT)?;
    if delta.is_infinite() {
        return Err(error::hash::INFINITE);
    }
    let found = pairs::find(ctx, args.at(1))?;
    let old = match found.and_then(|key| ctx.hash(key).get(args.at(2))) {
        Some(value) => Extended::parse(value).ok_or(error::hash::NOT_FLOAT)?,
        None => Extended::ZERO,
    };
    let sum = old.plus(delta).filter(|sum| !sum.is_infinite()).ok_or(error::string::NOT_FINITE)?;
    let text = sum.to_text();
    pairs::replace(ctx, args.at(1), found, args.at(2), text.as_bytes());
    ctx.notify(Class::HASH, "hincrbyfloat", args.at(1));
    Ok(Reply::bulk(text))
}
