//! Counting in a string: what INCR, DECR, INCRBY and DECRBY share.
//!
//! The value must be a signed 64-bit decimal as strict as an argument; a missing key counts as 0. A deadline stays.

use crate::broker::Ctx;
use crate::command::error::{self, Refusal};
use crate::command::number;
use crate::reply::Reply;
use brooklet_storage::store::{Class, Key};

/// A counter: its key if it has one, and its value.
pub fn read(ctx: &mut Ctx<'_>, name: &[u8]) -> Result<(Option<Key>, i64), Refusal> {
    match ctx.find_string(name)? {
        Some((key, value)) => Ok((Some(key), number::arg(&value)?)),
        None => Ok((None, 0)),
    }
}

/// Adds `delta` to the counter `name` and answers its new value.
pub fn add(ctx: &mut Ctx<'_>, name: &[u8], delta: i64) -> Result<Reply, Refusal> {
    let (key, value) = read(ctx, name)?;
    let sum = value.checked_add(delta).ok_or(error::string::OVERFLOW)?;
    let deadline_ms = key.and_then(|key| ctx.engine.store.object(key).deadline_ms);
    ctx.set_string(name, key, itoa::Buffer::new().format(sum).as_bytes(), deadline_ms);
    ctx.notify(Class::STRING, "incrby", name);
    Ok(Reply::Integer(sum))
}
