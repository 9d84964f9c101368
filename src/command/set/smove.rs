//! SMOVE: moves a member from one set to another; 1 if it was there.

use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::{self, Refusal};
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::reply::Reply;
use brooklet_storage::change::Change;
use brooklet_storage::keyspace::object::Kind as Type;
use brooklet_storage::store::Class;

/// SMOVE.
pub static SPEC: Spec = Spec {
    name: "smove",
    summary: "Moves a member from one set to another.",
    since: "1.0.0",
    group: Group::Set,
    complexity: "O(1)",
    arity: 4,
    flags: &[Flag::Fast],
    keys: Keys::At { first: 1, last: 2, step: 1 },
    syntax: "source destination member",
    kind: Kind::Write(run),
    subcommands: &[],
};

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    let (from, to, member) = (args.at(1), args.at(2), args.at(3));
    ctx.all_warm([from, to])?;
    let Some(source) = ctx.find(from)? else { return Ok(Reply::Integer(0)) };
    let target = ctx.find(to)?;
    for key in [Some(source), target].into_iter().flatten() {
        if ctx.engine.store.set(key).is_none() {
            return Err(error::WRONG_TYPE);
        }
    }
    if !ctx.set(source).contains(member) {
        return Ok(Reply::Integer(0));
    }
    if target == Some(source) {
        return Ok(Reply::Integer(1));
    }
    ctx.change(source, Change::MemberRemove { member });
    ctx.notify_key(Class::SET, "srem", source);
    ctx.store().delete_if_empty(source);
    let target = ctx.or_create(target, to, Type::Set);
    if !ctx.set(target).contains(member) {
        ctx.change(target, Change::MemberAdd { member });
        ctx.notify_key(Class::SET, "sadd", target);
    }
    Ok(Reply::Integer(1))
}
