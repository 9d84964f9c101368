//! DIGEST: a string's XXH3-64 digest as 16 hexadecimal digits, for the conditions IFDEQ and IFDNE.

use super::condition::digest;
use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::Refusal;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::reply::Reply;

/// DIGEST.
pub static SPEC: Spec = Spec {
    name: "digest",
    summary: "Answers the digest of a string.",
    since: "8.4.0",
    group: Group::String,
    complexity: "O(N) for N bytes",
    arity: 2,
    flags: &[Flag::Fast],
    keys: Keys::ONE,
    syntax: "key",
    kind: Kind::Read(run),
    subcommands: &[],
};

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    let value = ctx.read_string(args.at(1))?;
    Ok(value.map_or(Reply::Null, |(_, value)| Reply::bulk(digest(&value))))
}
