//! SADD: adds members; answers how many are new.

use super::members;
use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::Refusal;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::reply::Reply;
use brooklet_storage::change::Change;
use brooklet_storage::keyspace::object::Kind as Type;
use brooklet_storage::store::Class;

/// SADD.
pub static SPEC: Spec = Spec {
    name: "sadd",
    summary: "Adds members to a set.",
    since: "1.0.0",
    group: Group::Set,
    complexity: "O(N) for N members",
    arity: -3,
    flags: &[Flag::Denyoom, Flag::Fast],
    keys: Keys::ONE,
    syntax: "key member [member ...]",
    kind: Kind::Write(run),
    subcommands: &[],
};

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    let found = members::find(ctx, args.at(1))?;
    let key = ctx.or_create(found, args.at(1), Type::Set);
    let before = ctx.set(key).len();
    for member in args.from(2).iter() {
        if !ctx.set(key).contains(member) {
            ctx.change(key, Change::MemberAdd { member });
        }
    }
    let added = ctx.set(key).len() - before;
    if added > 0 {
        ctx.notify_key(Class::SET, "sadd", key);
    }
    Ok(Reply::count(added))
}
