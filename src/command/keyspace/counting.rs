//! Going through the keys of one call: what DEL, UNLINK, EXISTS and TOUCH share.

use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::Refusal;
use crate::reply::Reply;
use brooklet_storage::load::Missing;
use brooklet_storage::store::Key;

/// Looks up each key with `find`, does `act` to those that are there, and answers how many those were.
pub fn run(
    ctx: &mut Ctx<'_>,
    args: Args<'_>,
    find: impl Fn(&mut Ctx<'_>, &[u8]) -> Result<Option<Key>, Missing>,
    act: impl Fn(&mut Ctx<'_>, Key),
) -> Result<Reply, Refusal> {
    let names = args.from(1).iter();
    if names.len() > 1 {
        ctx.all_warm(names.clone())?;
    }
    let mut count = 0;
    for name in names {
        if let Some(key) = find(ctx, name)? {
            act(ctx, key);
            count += 1;
        }
    }
    Ok(Reply::Integer(count))
}

/// Deletes the keys.
pub fn delete(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    run(ctx, args, |ctx, name| ctx.find(name), |ctx, key| ctx.delete(key))
}
