//! CLIENT SETNAME: names this connection. An empty name takes the name away.

use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::{self, Refusal};
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::reply::Reply;

/// CLIENT SETNAME.
pub static SPEC: Spec = Spec {
    name: "client|setname",
    summary: "Names this connection.",
    since: "2.6.9",
    group: Group::Connection,
    complexity: "O(1)",
    arity: 3,
    flags: &[Flag::NoScript, Flag::Loading, Flag::Stale],
    keys: Keys::None,
    syntax: "connection-name",
    kind: Kind::Session(run),
    subcommands: &[],
};

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    let name = checked(args.at(2))?;
    if let Some(client) = ctx.engine.clients.get_mut(ctx.client) {
        client.name = name.to_vec();
    }
    Ok(Reply::OK)
}

/// The name, if it would not break the lines of CLIENT LIST.
pub(in super::super) fn checked(name: &[u8]) -> Result<&[u8], Refusal> {
    if is_one_word(name) { Ok(name) } else { Err(error::connection::BAD_NAME) }
}

/// Whether a text has only visible ASCII characters and no blank.
pub(super) fn is_one_word(text: &[u8]) -> bool {
    text.iter().all(u8::is_ascii_graphic)
}
