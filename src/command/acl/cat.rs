//! ACL CAT: the categories of commands, or the commands of one.

use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::category;
use crate::command::error::{self, Refusal};
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::command::table;
use crate::reply::Reply;

/// ACL CAT.
pub static SPEC: Spec = Spec {
    name: "acl|cat",
    summary: "Lists the categories of commands, or the commands of a category.",
    since: "6.0.0",
    group: Group::Server,
    complexity: "O(N) for N commands",
    arity: -2,
    flags: &[Flag::NoScript, Flag::Loading, Flag::Stale],
    keys: Keys::None,
    syntax: "[category]",
    kind: Kind::Admin(run),
    subcommands: &[],
};

fn run(_: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    match (args.get(2), args.len()) {
        (None, _) => Ok(Reply::Array(category::ALL.into_iter().map(Reply::text).collect())),
        (Some(name), 3) => {
            let known = category::ALL.into_iter().find(|known| known.as_bytes().eq_ignore_ascii_case(name));
            let known = known.ok_or_else(|| error::acl::unknown_category(name))?;
            let all = table::verbs().flat_map(|spec| std::iter::once(spec).chain(spec.subcommands.iter().copied()));
            let members = all.filter(|spec| category::contains(known, spec));
            Ok(Reply::Array(members.map(|spec| Reply::text(spec.name)).collect()))
        }
        _ => Err(error::acl::arguments(args.at(1))),
    }
}
