//! ZSCORE: the score of a member.

use super::scores;
use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::Refusal;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::reply::Reply;

/// ZSCORE.
pub static SPEC: Spec = Spec {
    name: "zscore",
    summary: "Answers the score of a member.",
    since: "1.2.0",
    group: Group::SortedSet,
    complexity: "O(1)",
    arity: 3,
    flags: &[Flag::Fast],
    keys: Keys::ONE,
    syntax: "key member",
    kind: Kind::Read(run),
    subcommands: &[],
};

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    let key = scores::read(ctx, args.at(1))?;
    let score = key.and_then(|key| ctx.sorted_set(key).score(args.at(2)));
    Ok(score.map_or(Reply::Null, Reply::Double))
}
