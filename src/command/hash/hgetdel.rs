//! HGETDEL: answers the values of fields and takes them out.

use super::{fields, pairs};
use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::Refusal;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::reply::Reply;
use brooklet_storage::change::Change;
use brooklet_storage::store::Class;

/// HGETDEL.
pub static SPEC: Spec = Spec {
    name: "hgetdel",
    summary: "Answers fields and takes them out.",
    since: "8.0.0",
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
    let mut values = Vec::with_capacity(names.len());
    for field in names.iter() {
        let value = pairs::value(ctx, found, field);
        if let (Some(key), Reply::Bulk(_)) = (found, &value) {
            ctx.change(key, Change::FieldRemove { field });
        }
        values.push(value);
    }
    if let Some(key) = found {
        if values.iter().any(|value| *value != Reply::Null) {
            ctx.notify_key(Class::HASH, "hdel", key);
        }
        ctx.store().delete_if_empty(key);
    }
    Ok(Reply::Array(values))
}
