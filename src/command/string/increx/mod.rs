//! INCREX: a counter with bounds and a deadline; answers the new value and what was really added.
//!
//! A result outside the bounds (or of the type's limits) changes nothing, not even the deadline, and answers the
//! current value and 0; with SATURATE it becomes the bound. ENX sets the deadline only where there is none. With
//! BYFLOAT it counts as INCRBYFLOAT does. Every option may be given once.

mod amount;
mod options;

use super::deadline::Resolved;
use super::{counter, incrbyfloat};
use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::Refusal;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::reply::Reply;
use crate::resp::Protocol;
use amount::Amount;
use brooklet_storage::store::Key;
use options::Options;

/// INCREX.
pub static SPEC: Spec = Spec {
    name: "increx",
    summary: "Adds to a counter within bounds, and sets its deadline.",
    since: "8.8.0",
    group: Group::String,
    complexity: "O(1)",
    arity: -2,
    flags: &[Flag::Denyoom, Flag::Fast],
    keys: Keys::ONE,
    syntax: "key [NX | XX] [BYFLOAT increment | BYINT increment] [LBOUND lowerbound] [UBOUND upperbound] [SATURATE] \
             [EX seconds | PX milliseconds | EXAT unix-time-seconds | PXAT unix-time-milliseconds | PERSIST] [ENX]",
    kind: Kind::Write(run),
    subcommands: &[],
};

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    let options = Options::parse(args)?;
    match options.float()? {
        None => count(ctx, args, &options, options.integer()?, counter::read),
        Some(bounds) => count(ctx, args, &options, bounds, incrbyfloat::read),
    }
}

fn count<T: Amount>(
    ctx: &mut Ctx<'_>,
    args: Args<'_>,
    options: &Options<'_>,
    change: amount::Change<T>,
    read: impl Fn(&mut Ctx<'_>, &[u8]) -> Result<(Option<Key>, T), Refusal>,
) -> Result<Reply, Refusal> {
    let (name, now_ms) = (args.at(1), ctx.now_ms);
    let deadline = options.deadline.map(|d| d.resolve(now_ms, ctx.spec.name)).transpose()?;
    let (key, value) = read(ctx, name)?;
    let refused = options.condition.is_some_and(|c| !c.holds(key.is_some(), None));
    let Some((sum, added)) = (if refused { None } else { change.apply(value, options.saturate)? }) else {
        return Ok(pair(ctx, value, T::ZERO));
    };
    let old = key.and_then(|key| ctx.engine.store.object(key).deadline_ms);
    let deadline = deadline.filter(|_| !options.only_without_deadline || old.is_none());
    deadline.unwrap_or(Resolved::Keep).write(ctx, name, key, sum.to_text().as_bytes(), T::EVENT);
    Ok(pair(ctx, sum, added))
}

fn pair<T: Amount>(ctx: &Ctx<'_>, value: T, added: T) -> Reply {
    let resp3 = ctx.engine.clients.get(ctx.client).is_some_and(|c| c.protocol == Protocol::Resp3);
    Reply::Array(vec![value.reply(resp3), added.reply(resp3)])
}
