//! POLICY.GET: what a policy says itself, as it was written. Nothing if there is none.

use super::scope;
use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::Refusal;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::policy::Scope;
use crate::reply::Reply;

/// POLICY.GET.
pub static SPEC: Spec = Spec {
    name: "policy.get",
    summary: "Shows the rules that were set for a stream or a template.",
    since: "0.1.0",
    group: Group::Policy,
    complexity: "O(N) for N settings",
    arity: 2,
    flags: &[Flag::Fast],
    keys: Keys::ONE,
    syntax: "key",
    kind: Kind::Read(run),
    subcommands: &[],
};

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    let scope = scope(ctx, args.at(1));
    let Some(policy) = ctx.engine.policies.get(&scope) else { return Ok(Reply::Map(Vec::new())) };
    let mut says = Vec::new();
    if let Scope::Template(_) = scope {
        let pattern = policy.pattern.as_ref().map_or(Reply::Null, Reply::bulk);
        says.extend([(Reply::text("match"), pattern), (Reply::text("rank"), Reply::Integer(policy.rank))]);
    }
    says.extend(policy.settings.iter().map(|(name, value)| (Reply::bulk(name), Reply::bulk(value))));
    Ok(Reply::Map(says))
}
