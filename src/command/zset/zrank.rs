//! ZRANK: the rank of a member, from 0 for the lowest score; with its score if asked.

use super::scores;
use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::{self, Refusal};
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::reply::Reply;

/// ZRANK.
pub static SPEC: Spec = Spec {
    name: "zrank",
    summary: "Answers the rank of a member, lowest score first.",
    since: "2.0.0",
    group: Group::SortedSet,
    complexity: "O(log(N)) for N members",
    arity: -3,
    flags: &[Flag::Fast],
    keys: Keys::ONE,
    syntax: "key member [WITHSCORE]",
    kind: Kind::Read(|ctx, args| run(ctx, args, false)),
    subcommands: &[],
};

/// The rank, from the other end if `reverse`.
pub(super) fn run(ctx: &mut Ctx<'_>, args: Args<'_>, reverse: bool) -> Result<Reply, Refusal> {
    let with_score = match args.get(3) {
        None => false,
        Some(_) if args.len() > 4 => return Err(error::wrong_arity(ctx.spec.name)),
        Some(word) if word.eq_ignore_ascii_case(b"WITHSCORE") => true,
        Some(_) => return Err(error::SYNTAX),
    };
    let found = scores::read(ctx, args.at(1))?.map(|key| ctx.sorted_set(key));
    let Some((rank, set)) = found.and_then(|set| Some((set.rank(args.at(2))?, set))) else {
        return Ok(if with_score { Reply::NullArray } else { Reply::Null });
    };
    let rank = Reply::count(if reverse { set.len() - 1 - rank } else { rank });
    let score = set.score(args.at(2)).unwrap_or_default();
    Ok(if with_score { Reply::Array(vec![rank, Reply::Double(score)]) } else { rank })
}
