//! Taking members with the lowest or the highest scores.

use super::scores;
use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::{self, Refusal};
use crate::command::{number, waiting};
use crate::reply::Reply;
use brooklet_storage::store::Key;
use brooklet_storage::value::order::Ranked;

/// Takes up to `count` members from the low or (`high`) from the high end.
pub fn take(ctx: &mut Ctx<'_>, key: Key, high: bool, count: usize) -> Vec<Ranked> {
    let order = ctx.sorted_set(key).order();
    let taken: Vec<Ranked> = if high {
        order.below(order.len()).take(count).cloned().collect()
    } else {
        order.from(0).take(count).cloned().collect()
    };
    scores::remove(ctx, key, &taken, if high { "zpopmax" } else { "zpopmin" });
    taken
}

/// ZPOPMIN and ZPOPMAX.
pub fn pop(ctx: &mut Ctx<'_>, args: Args<'_>, high: bool) -> Result<Reply, Refusal> {
    if args.len() > 3 {
        return Err(error::SYNTAX);
    }
    let count = match args.get(2) {
        None => None,
        Some(text) => Some(number::integer(text).and_then(|n| usize::try_from(n).ok()).ok_or(error::NOT_POSITIVE)?),
    };
    let Some(key) = scores::find(ctx, args.at(1))? else { return Ok(Reply::Array(Vec::new())) };
    let taken = take(ctx, key, high, count.unwrap_or(1));
    Ok(match (count, taken.first()) {
        (None, Some((score, member))) => Reply::Array(vec![Reply::Bulk(member.clone()), Reply::Double(*score)]),
        _ => scores::reply(taken.iter(), true),
    })
}

/// The first of `names` that is a sorted set. Something else before it is an error; alone it does not end a wait.
pub fn first_set<'a>(ctx: &mut Ctx<'_>, names: Args<'a>) -> Result<Option<(&'a [u8], Key)>, Refusal> {
    let woken = ctx.engine.waits.woken();
    ctx.all_warm(names.iter())?;
    let mut spoilt = false;
    for name in names.iter() {
        match scores::find(ctx, name) {
            Ok(Some(_)) if spoilt => return Err(error::WRONG_TYPE),
            Ok(Some(key)) => return Ok(Some((name, key))),
            Err(Refusal::Wire(_)) if woken => spoilt = true,
            Err(refusal) => return Err(refusal),
            Ok(None) => {}
        }
    }
    Ok(None)
}

/// BZPOPMIN and BZPOPMAX.
pub fn wait_and_pop(ctx: &mut Ctx<'_>, args: Args<'_>, high: bool) -> Result<Reply, Refusal> {
    let timeout_ms = waiting::timeout(args.at(args.len() - 1), ctx.now_ms)?;
    let names = args.from(1).up_to(args.len() - 2);
    let Some((name, key)) = first_set(ctx, names)? else {
        return Err(waiting::park(names.iter(), timeout_ms, Reply::NullArray));
    };
    let mut answer = vec![Reply::bulk(name)];
    for (score, member) in take(ctx, key, high, 1) {
        answer.extend([Reply::Bulk(member), Reply::Double(score)]);
    }
    Ok(Reply::Array(answer))
}

/// Takes from the first sorted set that is there: its name, and pairs that are arrays in both protocols.
pub fn take_first(ctx: &mut Ctx<'_>, multi: waiting::Multi<'_>) -> Result<Option<Reply>, Refusal> {
    let Some((name, key)) = first_set(ctx, multi.keys)? else { return Ok(None) };
    let taken = take(ctx, key, multi.second, multi.count);
    let pairs = taken.into_iter().map(|(score, member)| Reply::Array(vec![Reply::Bulk(member), Reply::Double(score)]));
    Ok(Some(Reply::Array(vec![Reply::bulk(name), Reply::Array(pairs.collect())])))
}
