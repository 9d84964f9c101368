//! XREVRANGE: the entries between two ids, newest first; the larger id is the first argument.

use super::xrange::{Direction, answer};
use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::Refusal;
use crate::command::spec::{Group, Keys, Kind, Spec};
use crate::reply::Reply;

/// XREVRANGE.
pub static SPEC: Spec = Spec {
    name: "xrevrange",
    summary: "Reads the entries between two ids, newest first.",
    since: "5.0.0",
    group: Group::Stream,
    complexity: "O(N) for N entries that are answered",
    arity: -4,
    flags: &[],
    keys: Keys::ONE,
    syntax: "key end start [COUNT count]",
    kind: Kind::Read(run),
    subcommands: &[],
};

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    answer(ctx, args, Direction::Descending)
}
