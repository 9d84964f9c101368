//! POLICY.DEL: takes settings back, or the whole policy. Answers how many settings it had said.

use super::{refusal, scope, store};
use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::Refusal;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::reply::Reply;

/// POLICY.DEL.
pub static SPEC: Spec = Spec {
    name: "policy.del",
    summary: "Removes rules of a stream or a template, or all of them.",
    since: "0.1.0",
    group: Group::Policy,
    complexity: "O(N) for N settings",
    arity: -2,
    flags: &[Flag::AdminCategory],
    keys: Keys::ONE,
    syntax: "key [setting [setting ...]]",
    kind: Kind::Write(run),
    subcommands: &[],
};

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    let (scope, names) = (scope(ctx, args.at(1)), args.from(2));
    let found = ctx.engine.policies.get(&scope);
    let mut policy = found.clone().unwrap_or_default();
    let said = policy.settings.iter().len();
    for name in names.iter() {
        policy.settings.unset(name).map_err(|wrong| refusal(wrong, name))?;
    }
    let left = if names.is_empty() { 0 } else { policy.settings.iter().len() };
    // A template without settings still has its pattern.
    let stays = !names.is_empty() && (left > 0 || policy.pattern.is_some());
    if found.is_some() && (left < said || !stays) {
        store(ctx, scope, stays.then_some(policy))?;
    }
    Ok(Reply::count(said - left))
}
