//! LINSERT: puts an element before or behind the first that equals the pivot; -1 if there is none.

use super::ends;
use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::{self, Refusal};
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::reply::Reply;
use brooklet_storage::change::Change;
use brooklet_storage::store::Class;

/// LINSERT.
pub static SPEC: Spec = Spec {
    name: "linsert",
    summary: "Puts an element beside another one.",
    since: "2.2.0",
    group: Group::List,
    complexity: "O(N) for N elements before it",
    arity: 5,
    flags: &[Flag::Denyoom],
    keys: Keys::ONE,
    syntax: "key <BEFORE | AFTER> pivot element",
    kind: Kind::Write(run),
    subcommands: &[],
};

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    let word = args.at(2);
    let behind = word.eq_ignore_ascii_case(b"AFTER");
    if !behind && !word.eq_ignore_ascii_case(b"BEFORE") {
        return Err(error::SYNTAX);
    }
    let Some(key) = ends::find(ctx, args.at(1))? else { return Ok(Reply::Integer(0)) };
    let Some(pivot) = ctx.list(key).elements().iter().position(|e| e == args.at(3)) else {
        return Ok(Reply::Integer(-1));
    };
    let index = (pivot + usize::from(behind)) as u64;
    ctx.change(key, Change::ListInsert { index, value: args.at(4) });
    ctx.notify_key(Class::LIST, "linsert", key);
    Ok(Reply::count(ctx.list(key).len()))
}
