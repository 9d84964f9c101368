//! POLICY.SET: says what holds for a stream, setting by setting; what was said before of others stays.

use super::{read_settings, scope, store};
use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::Refusal;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::reply::Reply;

/// POLICY.SET.
pub static SPEC: Spec = Spec {
    name: "policy.set",
    summary: "Sets rules for a stream, or for a template of streams.",
    since: "0.1.0",
    group: Group::Policy,
    complexity: "O(N) for N settings",
    arity: -4,
    flags: &[Flag::AdminCategory],
    keys: Keys::ONE,
    syntax: "key setting value [setting value ...]",
    kind: Kind::Write(run),
    subcommands: &[],
};

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    let scope = scope(ctx, args.at(1));
    let mut policy = ctx.engine.policies.get(&scope).unwrap_or_default();
    read_settings(&mut policy.settings, args.from(2), SPEC.name)?;
    store(ctx, scope, Some(policy))?;
    Ok(Reply::OK)
}
