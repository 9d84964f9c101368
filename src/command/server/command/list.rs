//! COMMAND LIST: the names of all commands and subcommands, or of those that a filter picks.

use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::category;
use crate::command::error::{self, Refusal};
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::command::table;
use crate::glob::{self, Case};
use crate::reply::Reply;

/// COMMAND LIST.
pub static SPEC: Spec = Spec {
    name: "command|list",
    summary: "Lists the names of commands.",
    since: "7.0.0",
    group: Group::Connection,
    complexity: "O(N) for N commands",
    arity: -2,
    flags: &[Flag::Loading, Flag::Stale],
    keys: Keys::None,
    syntax: "[FILTERBY <MODULE module-name | ACLCAT category | PATTERN pattern>]",
    kind: Kind::Admin(run),
    subcommands: &[],
};

fn run(_: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    let filter = if args.len() > 2 { Filter::parse(args.from(2))? } else { Filter::None };
    let all = table::verbs().flat_map(|spec| std::iter::once(spec).chain(spec.subcommands.iter().copied()));
    Ok(Reply::Array(all.filter(|spec| filter.picks(spec)).map(|spec| Reply::text(spec.name)).collect()))
}

#[derive(Debug, PartialEq)]
enum Filter<'a> {
    None,
    /// There are no modules.
    Module,
    Category(&'a [u8]),
    Pattern(&'a [u8]),
}

impl<'a> Filter<'a> {
    fn parse(args: Args<'a>) -> Result<Filter<'a>, Refusal> {
        if args.len() != 3 || !args.at(0).eq_ignore_ascii_case(b"FILTERBY") {
            return Err(error::SYNTAX);
        }
        match args.at(1).to_ascii_uppercase().as_slice() {
            b"MODULE" => Ok(Filter::Module),
            b"ACLCAT" => Ok(Filter::Category(args.at(2))),
            b"PATTERN" => Ok(Filter::Pattern(args.at(2))),
            _ => Err(error::SYNTAX),
        }
    }

    fn picks(&self, spec: &Spec) -> bool {
        match self {
            Filter::None => true,
            Filter::Module => false,
            Filter::Category(name) => category::of(spec).iter().any(|c| c.as_bytes().eq_ignore_ascii_case(name)),
            Filter::Pattern(pattern) => glob::matches(pattern, spec.name.as_bytes(), Case::Ignore),
        }
    }
}
