//! LEASE.EXEC: runs a command if a token is the one of now, in the same step. A holder that was held up for longer than its
//! lease, and does not know yet, changes nothing any more.
//!
//! What runs inside passes the access lists by itself, does not wait, and must not be one that a script may not call either, but
//! for scripts: a leader's work may be one.

use super::state;
use crate::acl::Context;
use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::dispatch;
use crate::command::error::{self, Refusal};
use crate::command::keys::INNER;
use crate::command::permission;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::command::table;
use crate::reply::Reply;

/// LEASE.EXEC.
pub static SPEC: Spec = Spec {
    name: "lease.exec",
    summary: "Runs a command if the token is the one of now, and refuses it if not.",
    since: "0.1.0",
    group: Group::Lease,
    complexity: "That of the command",
    arity: -4,
    flags: &[],
    keys: Keys::Leased,
    syntax: "key token command [arg [arg ...]]",
    kind: Kind::Write(run),
    subcommands: &[],
};

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    let token = state::token(args.at(2))?;
    let inner = args.from(INNER);
    let spec = table::resolve(inner)?;
    may_run(ctx, spec, inner)?;
    // All keys at once: what is missing after the first change would be late.
    let positions = spec.keys.positions(inner).unwrap_or_default();
    ctx.all_warm(positions.into_iter().map(|at| inner.at(at)).chain([args.at(1)]))?;
    let current = state::look(ctx, args.at(1))?.map_or(0, |held| held.token);
    if current != token || token == 0 {
        return Err(error::lease::fenced(current));
    }
    match dispatch::run_inside(ctx.engine, ctx.client, spec, inner) {
        Err(Refusal::Park(park)) => Ok(park.at_once),
        outcome => outcome,
    }
}

fn may_run(ctx: &mut Ctx<'_>, spec: &'static Spec, inner: Args<'_>) -> Result<(), Refusal> {
    let is_script = matches!(spec.kind, Kind::Script(_));
    if std::ptr::eq(spec, &SPEC) || (spec.has(Flag::NoScript) && !is_script) || spec.kind.run().is_none() {
        return Err(error::lease::NOT_INSIDE);
    }
    let in_transaction = ctx.engine.clients.get(ctx.client).is_some_and(|c| c.transaction.is_some());
    let context = if in_transaction { Context::Multi } else { Context::TopLevel };
    if let Err(denial) = permission::check_in(ctx.engine, ctx.client, spec, inner, context) {
        return Err(permission::refusal(ctx.engine, ctx.client, spec, &denial));
    }
    if spec.has(Flag::Denyoom) && ctx.engine.is_out_of_memory() {
        return Err(error::OOM);
    }
    Ok(())
}
