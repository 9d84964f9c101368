//! LEASE.CHECK: whether a token is the one of now. By the time of the answer it may not be: what must not happen with an old token goes through `exec.rs`.

use super::state;
use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::Refusal;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::reply::Reply;

/// LEASE.CHECK.
pub static SPEC: Spec = Spec {
    name: "lease.check",
    summary: "Says whether a token is the one of now.",
    since: "0.1.0",
    group: Group::Lease,
    complexity: "O(1)",
    arity: 3,
    flags: &[Flag::Fast],
    keys: Keys::ONE,
    syntax: "key token",
    kind: Kind::Read(run),
    subcommands: &[],
};

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    let token = state::token(args.at(2))?;
    let held = state::read(ctx, args.at(1))?;
    Ok(Reply::Integer(held.is_some_and(|held| held.token == token && token != 0).into()))
}
