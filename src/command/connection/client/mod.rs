//! CLIENT: what a connection says about itself and does to others.

mod caching;
mod getname;
mod getredir;
mod id;
mod info;
mod kill;
mod kinds;
pub(in crate::command) mod line;
mod list;
mod no_evict;
mod no_touch;
mod pause;
mod reply;
mod setinfo;
pub(super) mod setname;
mod tracking;
mod trackinginfo;
mod unblock;
mod unpause;

use crate::command::help;
use crate::command::spec::{Group, Keys, Kind, Spec};

/// CLIENT.
pub static SPEC: Spec = Spec {
    name: "client",
    summary: "Holds commands about connections.",
    since: "2.4.0",
    group: Group::Connection,
    complexity: "Depends on the subcommand",
    arity: -2,
    flags: &[],
    keys: Keys::None,
    syntax: "",
    kind: Kind::Container,
    subcommands: &[
        &id::SPEC,
        &getname::SPEC,
        &setname::SPEC,
        &setinfo::SPEC,
        &info::SPEC,
        &list::SPEC,
        &kill::SPEC,
        &unblock::SPEC,
        &reply::SPEC,
        &no_evict::SPEC,
        &no_touch::SPEC,
        &tracking::SPEC,
        &trackinginfo::SPEC,
        &caching::SPEC,
        &getredir::SPEC,
        &pause::SPEC,
        &unpause::SPEC,
        &HELP,
    ],
};

static HELP: Spec = help::spec("client|help", Group::Connection, "5.0.0");
