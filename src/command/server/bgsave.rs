//! BGSAVE: asks for a backup and answers at once. INFO `rdb_bgsave_in_progress`, `rdb_last_bgsave_status` and `backup_last`
//! tell when it is complete, and how it went.

use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::{self, Refusal};
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::reply::Reply;

/// BGSAVE.
pub static SPEC: Spec = Spec {
    name: "bgsave",
    summary: "Asks for a checkpoint and a backup of it.",
    since: "1.0.0",
    group: Group::Server,
    complexity: "O(1)",
    arity: -1,
    flags: &[Flag::Admin, Flag::NoScript, Flag::NoAsyncLoading],
    keys: Keys::None,
    syntax: "[SCHEDULE]",
    kind: Kind::Admin(run),
    subcommands: &[],
};

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    match (args.len(), args.get(1)) {
        (1, _) => {}
        (2, Some(word)) if word.eq_ignore_ascii_case(b"SCHEDULE") => {}
        _ => return Err(error::SYNTAX),
    }
    ctx.engine.tasks.request_backup();
    Ok(Reply::Status("Background saving started".into()))
}
