//! TOUCH: counts as a use of the keys, and answers how many of them are there.

use super::counting;
use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::Refusal;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::reply::Reply;

/// TOUCH.
pub static SPEC: Spec = Spec {
    name: "touch",
    summary: "Marks keys as used now.",
    since: "3.2.1",
    group: Group::Keyspace,
    complexity: "O(N) for N keys",
    arity: -2,
    flags: &[Flag::Fast],
    keys: Keys::ALL,
    syntax: "key [key ...]",
    kind: Kind::Read(run),
    subcommands: &[],
};

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    // That is what it is for, whatever CLIENT NO-TOUCH says.
    ctx.store().leaves_use = false;
    counting::run(ctx, args, |ctx, name| ctx.look_up(name), |_, _| ())
}
