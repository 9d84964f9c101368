//! SETBIT: sets one bit and answers what it was. The string grows as far as needed, also for a 0.

use super::bits;
use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::{self, Refusal};
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::reply::Reply;
use brooklet_storage::store::Class;

/// SETBIT.
pub static SPEC: Spec = Spec {
    name: "setbit",
    summary: "Sets or clears one bit of a string.",
    since: "2.2.0",
    group: Group::Bitmap,
    complexity: "O(1)",
    arity: 4,
    flags: &[Flag::Denyoom],
    keys: Keys::ONE,
    syntax: "key offset value",
    kind: Kind::Write(run),
    subcommands: &[],
};

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    let at = bits::offset(ctx, args.at(2))?;
    let on = match args.at(3) {
        b"0" => false,
        b"1" => true,
        _ => return Err(error::bitmap::BIT),
    };
    let before = ctx.find_string(args.at(1))?.map_or(0, |(_, value)| value.len());
    let key = bits::grown(ctx, args.at(1), at + 1)?;
    let place = (at / 8) as usize;
    let byte = ctx.engine.store.string(key).and_then(|value| value.get(place).copied()).unwrap_or(0);
    let was = byte & bits::mask(at) != 0;
    if was == on {
        ctx.store().touch_key(key);
    } else {
        ctx.store().patch_string(key, place, &[byte ^ bits::mask(at)]);
    }
    if was != on || ctx.engine.store.string(key).is_some_and(|value| value.len() > before) {
        ctx.notify_key(Class::STRING, "setbit", key);
    }
    Ok(Reply::Integer(was.into()))
}
