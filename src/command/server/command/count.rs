//! COMMAND COUNT: how many commands there are; subcommands do not count.

use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::Refusal;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::command::table;
use crate::reply::Reply;

/// COMMAND COUNT.
pub static SPEC: Spec = Spec {
    name: "command|count",
    summary: "Counts the commands.",
    since: "2.8.13",
    group: Group::Connection,
    complexity: "O(N) for N commands",
    arity: 2,
    flags: &[Flag::Loading, Flag::Stale],
    keys: Keys::None,
    syntax: "",
    kind: Kind::Admin(run),
    subcommands: &[],
};

fn run(_: &mut Ctx<'_>, _: Args<'_>) -> Result<Reply, Refusal> {
    Ok(Reply::count(table::verbs().count()))
}
