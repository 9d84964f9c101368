//! ZMSCORE: the scores of several members, null where there is none.

use super::scores;
use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::Refusal;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::reply::Reply;

/// ZMSCORE.
pub static SPEC: Spec = Spec {
    name: "zmscore",
    summary: "Answers the scores of several members.",
    since: "6.2.0",
    group: Group::SortedSet,
    complexity: "O(N) for N members",
    arity: -3,
    flags: &[Flag::Fast],
    keys: Keys::ONE,
    syntax: "key member [member ...]",
    kind: Kind::Read(run),
    subcommands: &[],
};

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    let key = scores::read(ctx, args.at(1))?;
    let score = |member: &[u8]| key.and_then(|key| ctx.sorted_set(key).score(member));
    Ok(Reply::Array(args.from(2).iter().map(|member| score(member).map_or(Reply::Null, Reply::Double)).collect()))
}
