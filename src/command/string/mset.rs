//! MSET: sets many keys at once, whatever they were before. A name given twice gets the last value.

use super::deadline::Resolved;
use super::pairs;
use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::{self, Refusal};
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::reply::Reply;

/// MSET.
pub static SPEC: Spec = Spec {
    name: "mset",
    summary: "Sets keys to strings.",
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
    pairs::existing(ctx, pairs)?;
    pairs::set(ctx, pairs, Resolved::Never)?;
    Ok(Reply::OK)
}
