//! Finding hashes, answering their fields, and putting pairs of field and value into them.

use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::{self, Refusal};
use crate::reply::Reply;
use brooklet_storage::change::Change;
use brooklet_storage::keyspace::object::Kind as Type;
use brooklet_storage::store::{Class, Key};

/// The hash `name` for reading.
pub fn read(ctx: &mut Ctx<'_>, name: &[u8]) -> Result<Option<Key>, Refusal> {
    ctx.read_kind(name, Type::Hash)
}

/// The hash `name` for changing it.
pub fn find(ctx: &mut Ctx<'_>, name: &[u8]) -> Result<Option<Key>, Refusal> {
    ctx.find_kind(name, Type::Hash)
}

/// The value of a field, or null.
pub fn value(ctx: &Ctx<'_>, key: Option<Key>, field: &[u8]) -> Reply {
    let value = key.and_then(|key| ctx.hash(key).get(field));
    value.map_or(Reply::Null, |value| Reply::Bulk(value.clone()))
}

/// Puts the pairs from argument 2 on; how many fields are new. A field that is put again has no deadline any more.
pub fn put_all(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<usize, Refusal> {
    if args.len() % 2 == 1 {
        return Err(error::wrong_arity(ctx.spec.name));
    }
    let found = find(ctx, args.at(1))?;
    let key = ctx.or_create(found, args.at(1), Type::Hash);
    let before = ctx.hash(key).len();
    for i in (2..args.len()).step_by(2) {
        put(ctx, key, args.at(i), args.at(i + 1));
    }
    ctx.notify(Class::HASH, "hset", args.at(1));
    Ok(ctx.hash(key).len() - before)
}

/// Puts one field without a deadline.
pub fn put(ctx: &mut Ctx<'_>, key: Key, field: &[u8], value: &[u8]) {
    ctx.change(key, Change::FieldPut { field, value, deadline_ms: None });
}

/// Puts a new value and leaves the deadline as it is.
pub fn replace(ctx: &mut Ctx<'_>, name: &[u8], found: Option<Key>, field: &[u8], value: &[u8]) {
    let key = ctx.or_create(found, name, Type::Hash);
    let deadline_ms = ctx.hash(key).fields().get(field).and_then(|f| f.deadline_ms);
    ctx.change(key, Change::FieldPut { field, value, deadline_ms });
}
