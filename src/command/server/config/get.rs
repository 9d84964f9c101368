//! CONFIG GET: options by name or pattern, each once.

use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::Refusal;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::reply::Reply;

/// CONFIG GET.
pub static SPEC: Spec = Spec {
    name: "config|get",
    summary: "Answers the values of options.",
    since: "2.0.0",
    group: Group::Server,
    complexity: "O(N * M) for N options and M patterns",
    arity: -3,
    flags: &[Flag::Admin, Flag::NoScript, Flag::Loading, Flag::Stale],
    keys: Keys::None,
    syntax: "parameter [parameter ...]",
    kind: Kind::Admin(run),
    subcommands: &[],
};

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    let found = ctx.engine.config.get(args.from(2).iter());
    let pair = |(name, value): (String, String)| (Reply::Bulk(name.into()), Reply::Bulk(value.into()));
    Ok(Reply::Map(found.into_iter().map(pair).collect()))
}
