//! LEASE.WATCH: what LEASE.GET answers, once it is about another token than the caller knows. Without TOKEN that is at once.
//!
//! The end of the time to wait is a null; nobody holding the lease is a map with the token 0.

use super::state;
use crate::broker::Ctx;
use crate::broker::wait::Park;
use crate::command::args::Args;
use crate::command::error::{self, Refusal};
use crate::command::number;
use crate::command::spec::{Group, Keys, Kind, Spec};
use crate::reply::Reply;

/// LEASE.WATCH.
pub static SPEC: Spec = Spec {
    name: "lease.watch",
    summary: "Says who holds a lease once that has another token than the one given, waiting for it if asked.",
    since: "0.1.0",
    group: Group::Lease,
    complexity: "O(1)",
    arity: -2,
    flags: &[],
    keys: Keys::ONE,
    syntax: "key [TOKEN token] [BLOCK milliseconds]",
    kind: Kind::BlockingRead(run),
    subcommands: &[],
};

#[derive(Debug, Default)]
struct Options {
    token: Option<u64>,
    block_ms: Option<u64>,
}

fn parse(args: Args<'_>) -> Result<Options, Refusal> {
    let mut options = Options::default();
    let mut i = 2;
    while let Some(word) = args.get(i) {
        let text = args.get(i + 1).ok_or(error::SYNTAX)?;
        if word.eq_ignore_ascii_case(b"TOKEN") {
            options.token = Some(state::token(text)?);
        } else if word.eq_ignore_ascii_case(b"BLOCK") {
            let ms = number::integer_or(text, error::TIMEOUT_NOT_INTEGER)?;
            options.block_ms = Some(u64::try_from(ms).map_err(|_| error::TIMEOUT_NEGATIVE)?);
        } else {
            return Err(error::SYNTAX);
        }
        i += 2;
    }
    Ok(options)
}

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    let (name, options) = (args.at(1), parse(args)?);
    let held = state::read(ctx, name)?;
    let token = held.as_ref().map_or(0, |held| held.token);
    if options.token != Some(token) {
        return Ok(state::map(ctx, name, held.as_ref()));
    }
    let Some(timeout_ms) = options.block_ms else { return Ok(Reply::NullArray) };
    let deadline_ms = held.and_then(|held| ctx.engine.store.deadline(held.key));
    Err(Refusal::Park(Box::new(Park {
        keys: vec![name.into()],
        timeout_ms,
        look_again_ms: deadline_ms.map(|at| at as i64),
        queue: None,
        rewritten: None,
        empty: Reply::NullArray,
        at_once: Reply::NullArray,
    })))
}
