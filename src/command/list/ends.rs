//! Both ends of a list: which one is meant, pushing, popping, moving, and taking from the first of several keys.

use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::{self, Refusal};
use crate::reply::Reply;
use brooklet_storage::change::Change;
use brooklet_storage::keyspace::object::Kind as Type;
use brooklet_storage::store::{Class, Key};
use bytes::Bytes;

/// LEFT (false) or RIGHT (true).
pub fn side(word: &[u8]) -> Result<bool, Refusal> {
    match () {
        () if word.eq_ignore_ascii_case(b"LEFT") => Ok(false),
        () if word.eq_ignore_ascii_case(b"RIGHT") => Ok(true),
        () => Err(error::SYNTAX),
    }
}

/// The list `name` for reading.
pub fn read(ctx: &mut Ctx<'_>, name: &[u8]) -> Result<Option<Key>, Refusal> {
    ctx.read_kind(name, Type::List)
}

/// The list `name` for changing it.
pub fn find(ctx: &mut Ctx<'_>, name: &[u8]) -> Result<Option<Key>, Refusal> {
    ctx.find_kind(name, Type::List)
}

/// Pushes the arguments from 2 on at one end, unless the list must exist and does not; its new length.
pub fn push(ctx: &mut Ctx<'_>, args: Args<'_>, back: bool, must_exist: bool) -> Result<Reply, Refusal> {
    let found = find(ctx, args.at(1))?;
    if found.is_none() && must_exist {
        return Ok(Reply::Integer(0));
    }
    let key = ctx.or_create(found, args.at(1), Type::List);
    for value in args.from(2).iter() {
        ctx.change(key, Change::ListPush { back, value });
    }
    ctx.notify_key(Class::LIST, if back { "rpush" } else { "lpush" }, key);
    Ok(Reply::count(ctx.list(key).len()))
}

/// Takes up to `count` elements from one end, in the order in which they are taken. An empty list is gone.
pub fn take(ctx: &mut Ctx<'_>, key: Key, back: bool, count: usize) -> Vec<Reply> {
    let elements = ctx.list(key).elements();
    let count = count.min(elements.len());
    let taken: Vec<Reply> = if back {
        elements.iter().rev().take(count).map(|e| Reply::Bulk(e.clone())).collect()
    } else {
        elements.iter().take(count).map(|e| Reply::Bulk(e.clone())).collect()
    };
    if count > 0 {
        ctx.change(key, Change::ListPop { back, count: count as u64 });
        ctx.notify_key(Class::LIST, popped(back), key);
        ctx.store().delete_if_empty(key);
    }
    taken
}

fn popped(back: bool) -> &'static str {
    if back { "rpop" } else { "lpop" }
}

/// LPOP and RPOP.
pub fn pop(ctx: &mut Ctx<'_>, args: Args<'_>, back: bool) -> Result<Reply, Refusal> {
    if args.len() > 3 {
        return Err(error::wrong_arity(ctx.spec.name));
    }
    let count = match args.get(2) {
        None => None,
        Some(text) => Some(
            crate::command::number::integer(text).and_then(|n| usize::try_from(n).ok()).ok_or(error::NOT_POSITIVE)?,
        ),
    };
    let Some(key) = find(ctx, args.at(1))? else {
        return Ok(if count.is_some() { Reply::NullArray } else { Reply::Null });
    };
    let mut taken = take(ctx, key, back, count.unwrap_or(1));
    Ok(if count.is_some() { Reply::Array(taken) } else { taken.pop().unwrap_or(Reply::Null) })
}

/// The first of `names` that is a list. Something else before it is an error; alone it does not end a wait.
pub fn first_list<'a>(ctx: &mut Ctx<'_>, names: Args<'a>) -> Result<Option<(&'a [u8], Key)>, Refusal> {
    let woken = ctx.engine.waits.woken();
    ctx.all_warm(names.iter())?;
    let mut spoilt = false;
    for name in names.iter() {
        match find(ctx, name) {
            Ok(Some(_)) if spoilt => return Err(error::WRONG_TYPE),
            Ok(Some(key)) => return Ok(Some((name, key))),
            Err(Refusal::Wire(_)) if woken => spoilt = true,
            Err(refusal) => return Err(refusal),
            Ok(None) => {}
        }
    }
    Ok(None)
}

/// Moves an element between the ends of two lists, which may be one: the element, unless there is none.
pub fn move_element(
    ctx: &mut Ctx<'_>,
    (from, from_back): (&[u8], bool),
    (to, to_back): (&[u8], bool),
) -> Result<Option<Bytes>, Refusal> {
    ctx.all_warm([from, to])?;
    let woken = ctx.engine.waits.woken();
    let source = match find(ctx, from) {
        Err(Refusal::Wire(_)) if woken => None,
        found => found?,
    };
    let Some(source) = source else { return Ok(None) };
    let target = find(ctx, to)?;
    let elements = ctx.list(source).elements();
    let Some(value) = (if from_back { elements.back() } else { elements.front() }).cloned() else { return Ok(None) };
    ctx.change(source, Change::ListPop { back: from_back, count: 1 });
    let target = ctx.or_create(target, to, Type::List);
    ctx.change(target, Change::ListPush { back: to_back, value: &value });
    ctx.notify(Class::LIST, if to_back { "rpush" } else { "lpush" }, to);
    ctx.notify(Class::LIST, popped(from_back), from);
    ctx.store().delete_if_empty(source);
    Ok(Some(value))
}
