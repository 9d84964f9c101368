//! CLIENT UNBLOCK: ends the wait of another connection, as if its time had run out, or with an error.

use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::{self, Refusal};
use crate::command::number;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::reply::Reply;

/// CLIENT UNBLOCK.
pub static SPEC: Spec = Spec {
    name: "client|unblock",
    summary: "Ends the wait of a blocked connection.",
    since: "5.0.0",
    group: Group::Connection,
    complexity: "O(log N) for N waiting connections",
    arity: -3,
    flags: &[Flag::Admin, Flag::NoScript, Flag::Loading, Flag::Stale],
    keys: Keys::None,
    syntax: "client-id [TIMEOUT | ERROR]",
    kind: Kind::Session(run),
    subcommands: &[],
};

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    if args.len() > 4 {
        return Err(error::unknown_or_arity("CLIENT", args.at(1)));
    }
    let with_error = match args.get(3) {
        None => false,
        Some(word) if word.eq_ignore_ascii_case(b"TIMEOUT") => false,
        Some(word) if word.eq_ignore_ascii_case(b"ERROR") => true,
        Some(_) => return Err(error::connection::UNBLOCK_REASON),
    };
    let id = u64::try_from(number::arg(args.at(2))?).unwrap_or(0);
    Ok(Reply::Integer(ctx.engine.unblock(id, with_error).into()))
}
