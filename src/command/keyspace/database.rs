//! Numbers of databases in arguments, and moving whole values between databases.

use crate::broker::Ctx;
use crate::command::error::{self, Refusal};
use crate::command::number;
use brooklet_storage::store::Key;

/// The number of a database.
pub fn index(ctx: &Ctx<'_>, text: &[u8]) -> Result<u32, Refusal> {
    in_range(ctx, any_index(text)?)
}

/// What may be the number of a database.
pub fn any_index(text: &[u8]) -> Result<i32, Refusal> {
    i32::try_from(number::arg(text)?).map_err(|_| error::keyspace::DB_NOT_INT32)
}

/// What may be the number of a database, with another text for what is none.
pub fn number_or(text: &[u8], refusal: Refusal) -> Result<i32, Refusal> {
    number::integer(text).and_then(|n| i32::try_from(n).ok()).ok_or(refusal)
}

/// Whether there is a database of this number. A cluster has one, whatever the folder holds.
pub fn in_range(ctx: &Ctx<'_>, n: i32) -> Result<u32, Refusal> {
    let databases = if ctx.engine.cluster.is_some() { 1 } else { ctx.engine.store.databases() };
    u32::try_from(n).ok().filter(|n| *n < databases).ok_or(error::DB_OUT_OF_RANGE)
}

/// Refuses what is about several databases where there is only one.
pub fn not_in_cluster(ctx: &Ctx<'_>, refusal: Refusal) -> Result<(), Refusal> {
    if ctx.engine.cluster.is_some() { Err(refusal) } else { Ok(()) }
}

/// Asks for every part of a value that is only on disk: it is about to be written anew as a whole.
pub fn all_in_memory(ctx: &Ctx<'_>, key: Key) -> Result<(), Refusal> {
    let cold = ctx.engine.store.stream(key).map(|stream| stream.log.all_cold());
    match cold {
        Some(cold) if !cold.0.is_empty() => Err(ctx.load(key, cold)),
        _ => Ok(()),
    }
}
