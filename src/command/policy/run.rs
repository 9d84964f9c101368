//! POLICY.RUN: removes at once whatever a stream's policy lets go, as if every limit were exceeded: what has to stay stays.
//! Answers how many entries went.

use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::Refusal;
use crate::command::spec::{Group, Keys, Kind, Spec};
use crate::command::stream::retention;
use crate::policy::retention::Retain;
use crate::reply::Reply;

/// POLICY.RUN.
pub static SPEC: Spec = Spec {
    name: "policy.run",
    summary: "Removes the entries of a stream that its rules let go.",
    since: "0.1.0",
    group: Group::Policy,
    complexity: "O(N) for N entries that go",
    arity: 2,
    flags: &[],
    keys: Keys::ONE,
    syntax: "key",
    kind: Kind::Write(run),
    subcommands: &[],
};

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    let Some(policy) = ctx.engine.policies.of(ctx.db, args.at(1)) else { return Ok(Reply::Integer(0)) };
    let Some(key) = ctx.find_stream(args.at(1))? else { return Ok(Reply::Integer(0)) };
    let rules = policy.retention();
    // By limits alone everything could go: there its limits count.
    let removed = retention::clean(ctx, key, rules, rules.retain != Retain::Limits)?;
    Ok(Reply::Integer(removed as i64))
}
