//! RENAME: gives a key another name, whatever had that name before. The deadline goes with the key.

use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::{self, Refusal};
use crate::command::spec::{Group, Keys, Kind, Spec};
use crate::reply::Reply;
use brooklet_storage::store::{Class, Key};

/// RENAME.
pub static SPEC: Spec = Spec {
    name: "rename",
    summary: "Gives a key another name.",
    since: "1.0.0",
    group: Group::Keyspace,
    complexity: "O(1)",
    arity: 3,
    flags: &[],
    keys: Keys::At { first: 1, last: 2, step: 1 },
    syntax: "key newkey",
    kind: Kind::Write(run),
    subcommands: &[],
};

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    let (key, target) = find(ctx, args)?;
    if args.at(1) != args.at(2) {
        let db = ctx.db;
        ctx.store().rename(key, db, args.at(2), target);
        notify(ctx, args);
    }
    Ok(Reply::OK)
}

/// Says where a key went.
pub(super) fn notify(ctx: &mut Ctx<'_>, args: Args<'_>) {
    ctx.notify(Class::GENERIC, "rename_from", args.at(1));
    ctx.notify(Class::GENERIC, "rename_to", args.at(2));
}

/// The key to rename, and what has the new name (perhaps the same).
pub(super) fn find(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<(Key, Option<Key>), Refusal> {
    ctx.all_warm([args.at(1), args.at(2)])?;
    let key = ctx.find(args.at(1))?.ok_or(error::NO_SUCH_KEY)?;
    Ok((key, ctx.find(args.at(2))?))
}
