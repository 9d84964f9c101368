//! DELEX: deletes a key, if asked under a condition on its value.
//!
//! Without a condition any type goes. On a missing key the condition is not even looked at.

use super::condition::Condition;
use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::{self, Refusal};
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::reply::Reply;

/// DELEX.
pub static SPEC: Spec = Spec {
    name: "delex",
    summary: "Deletes a key, under a condition on its string value if asked.",
    since: "8.4.0",
    group: Group::String,
    complexity: "O(1), and O(N) for a digest of N bytes",
    arity: -2,
    flags: &[Flag::Fast],
    keys: Keys::ONE,
    syntax: "key [IFEQ ifeq-value | IFNE ifne-value | IFDEQ ifdeq-digest | IFDNE ifdne-digest]",
    kind: Kind::Write(run),
    subcommands: &[],
};

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    if args.len() != 2 && args.len() != 4 {
        return Err(error::wrong_arity(ctx.spec.name));
    }
    let Some(key) = ctx.find(args.at(1))? else { return Ok(Reply::Integer(0)) };
    if args.len() == 4 {
        let value = ctx.engine.store.string(key).ok_or(error::string::DELEX_NOT_STRING)?;
        let condition = Condition::parse_comparison(args.from(2)).ok_or(error::string::DELEX_CONDITION)?;
        condition.check_digest()?;
        if !condition.holds(true, Some(value)) {
            return Ok(Reply::Integer(0));
        }
    }
    ctx.delete(key);
    Ok(Reply::Integer(1))
}
