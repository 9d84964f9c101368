//! INCRBYFLOAT: adds a number with a fraction; the answer is the new value as text, in both protocols.
//!
//! It counts with 64 significant bits ([`crate::command::extended`]), so that decimal steps give the digits one expects.

use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::{self, Refusal};
use crate::command::extended::Extended;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::reply::Reply;
use brooklet_storage::store::{Class, Key};

/// INCRBYFLOAT.
pub static SPEC: Spec = Spec {
    name: "incrbyfloat",
    summary: "Adds a number with a fraction to a counter.",
    since: "2.6.0",
    group: Group::String,
    complexity: "O(1)",
    arity: 3,
    flags: &[Flag::Denyoom, Flag::Fast],
    keys: Keys::ONE,
    syntax: "key increment",
    kind: Kind::Write(run),
    subcommands: &[],
};

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    let name = args.at(1);
    let (key, value) = read(ctx, name)?;
    let delta = Extended::parse(args.at(2)).ok_or(error::NOT_FLOAT)?;
    let sum = value.plus(delta).filter(|sum| !sum.is_infinite()).ok_or(error::string::NOT_FINITE)?;
    let text = sum.to_text();
    let deadline_ms = key.and_then(|key| ctx.engine.store.object(key).deadline_ms);
    ctx.set_string(name, key, text.as_bytes(), deadline_ms);
    ctx.notify(Class::STRING, "incrbyfloat", name);
    Ok(Reply::bulk(text))
}

/// A counter with a fraction: its key if it has one, and its value.
pub(super) fn read(ctx: &mut Ctx<'_>, name: &[u8]) -> Result<(Option<Key>, Extended), Refusal> {
    match ctx.find_string(name)? {
        Some((key, value)) => Ok((Some(key), Extended::parse(&value).ok_or(error::NOT_FLOAT)?)),
        None => Ok((None, Extended::ZERO)),
    }
}
