//! COMMAND: what this server knows of its commands; everything comes from the table of specs. Without a subcommand it
//! describes all of them, as COMMAND INFO does.

mod count;
mod describe;
mod docs;
mod getkeys;
mod getkeysandflags;
mod info;
mod key_specs;
mod list;
mod tips;

use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::Refusal;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::command::{help, table};
use crate::reply::Reply;

/// COMMAND.
pub static SPEC: Spec = Spec {
    name: "command",
    summary: "Describes all commands.",
    since: "2.8.13",
    group: Group::Connection,
    complexity: "O(N) for N commands",
    arity: -1,
    flags: &[Flag::Loading, Flag::Stale],
    keys: Keys::None,
    syntax: "",
    kind: Kind::Admin(run),
    subcommands: &[&count::SPEC, &docs::SPEC, &getkeys::SPEC, &getkeysandflags::SPEC, &info::SPEC, &list::SPEC, &HELP],
};

static HELP: Spec = help::spec("command|help", Group::Connection, "5.0.0");

fn run(_: &mut Ctx<'_>, _: Args<'_>) -> Result<Reply, Refusal> {
    Ok(Reply::Array(table::verbs().map(describe::entry).collect()))
}
