//! ACL LOAD: reads the users from their file again. All of it counts, or nothing. The disk is touched outside the engine lock (an errand).

use crate::broker::Ctx;
use crate::broker::errand::Errand;
use crate::command::args::Args;
use crate::command::error::{self, Refusal};
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::reply::Reply;

/// ACL LOAD.
pub static SPEC: Spec = Spec {
    name: "acl|load",
    summary: "Reads the users from their file again.",
    since: "6.0.0",
    group: Group::Server,
    complexity: "O(N) for N users and connections",
    arity: 2,
    flags: &[Flag::Admin, Flag::NoScript, Flag::Loading, Flag::Stale],
    keys: Keys::None,
    syntax: "",
    kind: Kind::Admin(run),
    subcommands: &[],
};

fn run(ctx: &mut Ctx<'_>, _: Args<'_>) -> Result<Reply, Refusal> {
    if ctx.engine.config.aclfile.as_os_str().is_empty() {
        return Err(error::acl::NO_FILE);
    }
    Err(Refusal::Errand(Errand::LoadUsers))
}
