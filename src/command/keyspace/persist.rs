//! PERSIST: takes away a deadline; 1 if there was one.

use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::Refusal;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::reply::Reply;

/// PERSIST.
pub static SPEC: Spec = Spec {
    name: "persist",
    summary: "Takes away the deadline of a key.",
    since: "2.2.0",
    group: Group::Keyspace,
    complexity: "O(1)",
    arity: 2,
    flags: &[Flag::Fast],
    keys: Keys::ONE,
    syntax: "key",
    kind: Kind::Write(run),
    subcommands: &[],
};

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    let key = ctx.find(args.at(1))?;
    let Some(key) = key.filter(|key| ctx.engine.store.object(*key).deadline_ms.is_some()) else {
        return Ok(Reply::Integer(0));
    };
    ctx.store().set_deadline(key, None);
    Ok(Reply::Integer(1))
}
