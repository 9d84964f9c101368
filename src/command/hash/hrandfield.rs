//! HRANDFIELD: fields chosen at random, different ones unless the count is negative.

use super::pairs;
use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::{self, Refusal};
use crate::command::scanning;
use crate::command::spec::{Group, Keys, Kind, Spec};
use crate::reply::Reply;

/// HRANDFIELD.
pub static SPEC: Spec = Spec {
    name: "hrandfield",
    summary: "Answers fields chosen at random.",
    since: "6.2.0",
    group: Group::Hash,
    complexity: "O(N) for N fields to choose",
    arity: -2,
    flags: &[],
    keys: Keys::ONE,
    syntax: "key [count [WITHVALUES]]",
    kind: Kind::Read(run),
    subcommands: &[],
};

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    let Some(text) = args.get(2) else { return one(ctx, args.at(1)) };
    let count = scanning::random_count(text)?;
    let with_values = match args.get(3) {
        None => false,
        Some(word) if word.eq_ignore_ascii_case(b"WITHVALUES") && args.len() == 4 => true,
        Some(_) => return Err(error::SYNTAX),
    };
    if with_values && count.unsigned_abs() > i64::MAX as u64 / 2 {
        return Err(error::OUT_OF_RANGE);
    }
    let Some(key) = pairs::read(ctx, args.at(1))? else { return Ok(Reply::Array(Vec::new())) };
    scanning::check_repeated(count)?;
    let chosen = scanning::random_indices(ctx, ctx.hash(key).len(), count);
    let fields = ctx.hash(key).fields();
    let chosen =
        chosen.into_iter().filter_map(|place| fields.nth(place)).map(|(name, f)| (Reply::Bulk(name.clone()), &f.value));
    Ok(if with_values {
        Reply::Tuples(chosen.map(|(name, value)| (name, Reply::Bulk(value.clone()))).collect())
    } else {
        Reply::Array(chosen.map(|(name, _)| name).collect())
    })
}

fn one(ctx: &mut Ctx<'_>, name: &[u8]) -> Result<Reply, Refusal> {
    let Some(key) = pairs::read(ctx, name)? else { return Ok(Reply::Null) };
    let chosen = scanning::random_indices(ctx, ctx.hash(key).len(), 1);
    let found = chosen.first().and_then(|place| ctx.hash(key).fields().nth(*place));
    Ok(found.map_or(Reply::Null, |(name, _)| Reply::Bulk(name.clone())))
}
