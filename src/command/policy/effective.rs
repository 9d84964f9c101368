//! POLICY.EFFECTIVE: what holds for a stream once everything is laid over one another; nothing if no policy is about it,
//! because then it behaves as in Redis.

use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::Refusal;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::policy::settings;
use crate::reply::Reply;

/// POLICY.EFFECTIVE.
pub static SPEC: Spec = Spec {
    name: "policy.effective",
    summary: "Shows the rules that hold for a stream: defaults, templates and its own.",
    since: "0.1.0",
    group: Group::Policy,
    complexity: "O(T+N) for T templates and N settings",
    arity: 2,
    flags: &[Flag::Fast],
    keys: Keys::ONE,
    syntax: "key",
    kind: Kind::Read(run),
    subcommands: &[],
};

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    let Some(effective) = ctx.engine.policies.of(ctx.db, args.at(1)) else { return Ok(Reply::Map(Vec::new())) };
    let (all, groups) = effective.parts();
    // A preference that nobody has is none.
    let said = settings::show(all).filter(|(_, value)| !value.is_empty());
    let mut says: Vec<_> = said.map(|(name, value)| (Reply::text(name), Reply::bulk(value))).collect();
    for (group, rules) in groups {
        // Of a group only what differs.
        for ((name, value), (_, of_all)) in settings::show(rules).zip(settings::show(all)) {
            if value != of_all {
                says.push((Reply::bulk(settings::full_name(Some(group), name)), Reply::bulk(value)));
            }
        }
    }
    Ok(Reply::Map(says))
}
