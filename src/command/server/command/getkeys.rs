//! COMMAND GETKEYS: which arguments of a call are keys.

use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::{self, Refusal};
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::command::{table, touch};
use crate::reply::Reply;

/// COMMAND GETKEYS.
pub static SPEC: Spec = Spec {
    name: "command|getkeys",
    summary: "Answers the keys of a call.",
    since: "2.8.13",
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
    let (_, keys) = keys(call)?;
    Ok(Reply::Array(keys.into_iter().map(|i| Reply::bulk(call.at(i))).collect()))
}

/// The command that a call means and the indices of its keys.
pub(super) fn keys(call: Args<'_>) -> Result<(&'static Spec, Vec<usize>), Refusal> {
    let verb = table::find(call.at(0)).ok_or(error::server::INVALID_COMMAND)?;
    let own = |sub: &&&'static Spec| sub.own_name().as_bytes().eq_ignore_ascii_case(call.at(1));
    let spec = match verb.subcommands.iter().find(own) {
        Some(sub) => sub,
        None if matches!(verb.kind, Kind::Container) && call.len() > 1 => return Err(error::server::INVALID_COMMAND),
        None => verb,
    };
    // Channels stand where keys do, but are none.
    if spec.keys == Keys::None || touch::channels(spec, call).is_some() {
        return Err(error::server::NO_KEYS);
    }
    if !spec.accepts(call.len()) {
        return Err(error::server::INVALID_ARGUMENT_COUNT);
    }
    let keys = spec.keys.positions(call).map_err(|_| error::server::INVALID_ARGUMENTS)?;
    Ok((spec, keys))
}
