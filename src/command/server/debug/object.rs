//! DEBUG OBJECT: a line about a value in the form of the reference, because test suites cut it up.

use crate::broker::Ctx;
use crate::command::error::{self, Refusal};
use crate::reply::Reply;
use brooklet_storage::keyspace::object::Value;

pub(super) fn run(ctx: &mut Ctx<'_>, name: &[u8]) -> Result<Reply, Refusal> {
    let key = ctx.find(name)?.ok_or(error::NO_SUCH_KEY)?;
    let now_ms = ctx.now_ms;
    let object = ctx.engine.store.object(key);
    let encoding = match &object.value {
        Value::Stream(_) => "stream",
        Value::Str(value) if crate::command::number::integer(value).is_some() => "int",
        Value::Str(value) if value.len() <= EMBEDDED => "embstr",
        Value::Str(_) => "raw",
    };
    let idle_s = (now_ms - object.used_ms()).max(0) / 1000;
    let line = format!(
        "Value at:0x0 refcount:1 encoding:{encoding} serializedlength:{} lru:{} lru_seconds_idle:{idle_s}",
        object.memory(),
        (object.used_ms() / 1000) & 0xff_ffff,
    );
    Ok(Reply::Status(line.into()))
}

/// Longest string that the reference calls embedded.
const EMBEDDED: usize = 44;
