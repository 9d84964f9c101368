//! POLICY.LIST: whose policies there are: `TEMPLATE:name` for templates, then keys of the caller's database.

use super::TEMPLATE;
use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::{self, Refusal};
use crate::command::spec::{Group, Keys, Kind, Spec};
use crate::glob::{self, Case};
use crate::policy::Scope;
use crate::reply::Reply;

/// POLICY.LIST.
pub static SPEC: Spec = Spec {
    name: "policy.list",
    summary: "Names the streams and templates that have rules.",
    since: "0.1.0",
    group: Group::Policy,
    complexity: "O(N) for N policies",
    arity: -1,
    flags: &[],
    keys: Keys::None,
    syntax: "[MATCH pattern]",
    kind: Kind::Read(run),
    subcommands: &[],
};

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    let pattern = match args.len() {
        1 => None,
        3 if args.at(1).eq_ignore_ascii_case(b"MATCH") => Some(args.at(2)),
        _ => return Err(error::SYNTAX),
    };
    let name = |scope: Scope| match scope {
        Scope::Template(name) => Some([TEMPLATE, &name].concat()),
        Scope::Key(db, name) => (db == ctx.db).then(|| name.into_vec()),
    };
    let names = ctx.engine.policies.scopes().filter_map(name);
    let fits = |name: &Vec<u8>| pattern.is_none_or(|pattern| glob::matches(pattern, name, Case::Exact));
    Ok(Reply::Array(names.filter(fits).map(Reply::bulk).collect()))
}
