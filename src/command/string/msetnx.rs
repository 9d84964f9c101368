//! MSETNX: sets many keys, all or none: none if any of them exists.

use super::deadline::Resolved;
use super::pairs;
use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::{self, Refusal};
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::reply::Reply;

/// MSETNX.
pub static SPEC: Spec = Spec {
    name: "msetnx",
    summary: "Sets keys to strings if none of them exists.",
    since: "1.0.1",
    group: Group::String,
    complexity: "O(N) for N keys",
    arity: -3,
    flags: &[Flag::Denyoom],
    keys: Keys::At { first: 1, last: -1, step: 2 },
    syntax: "key value [key value ...]",
    kind: Kind::Write(run),
    subcommands: &[],
};

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    let pairs = args.from(1);
    if pairs.len() % 2 == 1 {
        return Err(error::wrong_arity(ctx.spec.name));
    }
    if pairs::existing(ctx, pairs)? > 0 {
        return Ok(Reply::Integer(0));
    }
    pairs::set(ctx, pairs, Resolved::Never)?;
    Ok(Reply::Integer(1))
}
