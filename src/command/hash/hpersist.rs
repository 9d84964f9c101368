//! HPERSIST: takes away deadlines; for each field -2 it is not there, -1 it had none, 1 done.

use super::{fields, pairs};
use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::Refusal;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::reply::Reply;
use brooklet_storage::store::Class;

/// HPERSIST.
pub static SPEC: Spec = Spec {
    name: "hpersist",
    summary: "Takes away the deadlines of fields.",
    since: "7.4.0",
    group: Group::Hash,
    complexity: "O(N) for N fields",
    arity: -5,
    flags: &[Flag::Fast],
    keys: Keys::ONE,
    syntax: "key FIELDS numfields field [field ...]",
    kind: Kind::Write(run),
    subcommands: &[],
};

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    let found = pairs::find(ctx, args.at(1))?;
    let names = fields::names(args.from(2))?;
    let mut answers = Vec::with_capacity(names.len());
    for field in names.iter() {
        let old = found.and_then(|key| ctx.hash(key).fields().get(field).map(|f| (key, f.deadline_ms)));
        answers.push(Reply::Integer(match old {
            None => -2,
            Some((_, None)) => -1,
            Some((key, Some(_))) => {
                fields::set_deadline(ctx, key, field, None);
                1
            }
        }));
    }
    if answers.contains(&Reply::Integer(1)) {
        ctx.notify(Class::HASH, "hpersist", args.at(1));
    }
    Ok(Reply::Array(answers))
}
