//! INFO: what the server says about itself, in sections. The sections stand in `telemetry/info/`.

use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::Refusal;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::reply::Reply;
use crate::telemetry::info;

/// INFO.
pub static SPEC: Spec = Spec {
    name: "info",
    summary: "Answers facts and counters about the server.",
    since: "1.0.0",
    group: Group::Server,
    complexity: "O(N) for N commands in use",
    arity: -1,
    flags: &[Flag::Loading, Flag::Stale, Flag::Dangerous],
    keys: Keys::None,
    syntax: "[section [section ...]]",
    kind: Kind::Admin(run),
    subcommands: &[],
};

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    let text = info::info(ctx.engine, args.from(1).iter());
    Ok(Reply::Verbatim("txt".into(), text.into()))
}
