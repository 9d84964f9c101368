//! LEASE.GET: who holds a lease, or any string that is used as a lock.

use super::state;
use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::Refusal;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::reply::Reply;

/// LEASE.GET.
pub static SPEC: Spec = Spec {
    name: "lease.get",
    summary: "Says who holds a lease, with which token and for how long.",
    since: "0.1.0",
    group: Group::Lease,
    complexity: "O(1)",
    arity: 2,
    flags: &[Flag::Fast],
    keys: Keys::ONE,
    syntax: "key",
    kind: Kind::Read(run),
    subcommands: &[],
};

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    let name = args.at(1);
    match state::read(ctx, name)? {
        None => Ok(Reply::NullArray),
        held => Ok(state::map(ctx, name, held.as_ref())),
    }
}
