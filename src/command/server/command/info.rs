//! COMMAND INFO: describes commands by name; a name that is unknown gets no answer in its place.

use super::describe;
use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::Refusal;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::command::table;
use crate::reply::Reply;

/// COMMAND INFO.
pub static SPEC: Spec = Spec {
    name: "command|info",
    summary: "Describes commands.",
    since: "2.8.13",
    group: Group::Connection,
    complexity: "O(N) for N commands",
    arity: -2,
    flags: &[Flag::Loading, Flag::Stale],
    keys: Keys::None,
    syntax: "[command-name [command-name ...]]",
    kind: Kind::Admin(run),
    subcommands: &[],
};

fn run(_: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    if args.len() == 2 {
        return Ok(Reply::Array(table::verbs().map(describe::entry).collect()));
    }
    let named = |name| table::find_full(name).map_or(Reply::Null, describe::entry);
    Ok(Reply::Array(args.from(2).iter().map(named).collect()))
}
