//! DEBUG OBJECT: a line about a value in the form of the reference, because test suites cut it up.

use crate::broker::Ctx;
use crate::command::error::{self, Refusal};
use crate::command::keyspace::object::encoding;
use crate::reply::Reply;

pub(super) fn run(ctx: &mut Ctx<'_>, name: &[u8]) -> Result<Reply, Refusal> {
    let key = ctx.find(name)?.ok_or(error::NO_SUCH_KEY)?;
    let now_ms = ctx.now_ms;
    let object = ctx.engine.store.object(key);
    let encoding = encoding::of(&object.value);
    let idle_s = (now_ms - object.used_ms()).max(0) / 1000;
    let line = format!(
        "Value at:0x0 refcount:1 encoding:{encoding} serializedlength:{} lru:{} lru_seconds_idle:{idle_s}",
        object.memory(),
        (object.used_ms() / 1000) & 0xff_ffff,
    );
    Ok(Reply::Status(line.into()))
}
