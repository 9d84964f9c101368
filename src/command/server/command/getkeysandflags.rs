//! COMMAND GETKEYSANDFLAGS: which arguments of a call are keys, and what the command does with each.

use super::getkeys::keys;

use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::Refusal;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::command::touch::access_of;
use crate::reply::Reply;

/// COMMAND GETKEYSANDFLAGS.
pub static SPEC: Spec = Spec {
    name: "command|getkeysandflags",
    summary: "Answers the keys of a call and what becomes of them.",
    since: "7.0.0",
    group: Group::Connection,
    complexity: "O(N) for N arguments",
    arity: -3,
    flags: &[Flag::Loading, Flag::Stale],
    keys: Keys::None,
    syntax: "command [arg [arg ...]]",
    kind: Kind::Admin(run),
    subcommands: &[],
};

fn run(_: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    let call = args.from(2);
    let (spec, keys) = keys(call)?;
    let pair = |(nth, at): (usize, usize)| {
        let flags = access_of(spec, nth, call).iter().map(|flag| Reply::Status((*flag).into()));
        Reply::Array(vec![Reply::bulk(call.at(at)), Reply::Set(flags.collect())])
    };
    Ok(Reply::Array(keys.into_iter().enumerate().map(pair).collect()))
}
