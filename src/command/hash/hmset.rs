//! HMSET: HSET with another answer.

use super::pairs;
use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::Refusal;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::reply::Reply;

/// HMSET.
pub static SPEC: Spec = Spec {
    name: "hmset",
    summary: "Puts fields into a hash.",
    since: "2.0.0",
    group: Group::Hash,
    complexity: "O(N) for N fields",
    arity: -4,
    flags: &[Flag::Denyoom, Flag::Fast],
    keys: Keys::ONE,
    syntax: "key field value [field value ...]",
    kind: Kind::Write(run),
    subcommands: &[],
};

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    pairs::put_all(ctx, args).map(|_| Reply::OK)
}
