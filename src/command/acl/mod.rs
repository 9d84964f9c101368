//! ACL: users and what they may do. The rules themselves are `src/acl/`.

mod cat;
mod deluser;
mod dryrun;
mod genpass;
mod getuser;
mod list;
mod load;
mod log;
mod save;
mod setuser;
mod users;
mod whoami;

use crate::command::help;
use crate::command::spec::{Group, Keys, Kind, Spec};

/// ACL.
pub static SPEC: Spec = Spec {
    name: "acl",
    summary: "Holds commands about users and what they may do.",
    since: "6.0.0",
    group: Group::Server,
    complexity: "Depends on the subcommand",
    arity: -2,
    flags: &[],
    keys: Keys::None,
    syntax: "",
    kind: Kind::Container,
    subcommands: &[
        &cat::SPEC,
        &deluser::SPEC,
        &dryrun::SPEC,
        &genpass::SPEC,
        &getuser::SPEC,
        &list::SPEC,
        &load::SPEC,
        &log::SPEC,
        &save::SPEC,
        &setuser::SPEC,
        &users::SPEC,
        &whoami::SPEC,
        &HELP,
    ],
};

static HELP: Spec = help::spec("acl|help", Group::Server, "6.0.0");
