//! CLIENT SETINFO: what library the client uses, for CLIENT LIST. Libraries send it on connect and ignore refusals.

use super::setname::is_one_word;
use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::{self, Refusal};
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::reply::Reply;

/// CLIENT SETINFO.
pub static SPEC: Spec = Spec {
    name: "client|setinfo",
    summary: "Notes the name or version of the client's library.",
    since: "7.2.0",
    group: Group::Connection,
    complexity: "O(1)",
    arity: 4,
    flags: &[Flag::NoScript, Flag::Loading, Flag::Stale],
    keys: Keys::None,
    syntax: "<LIB-NAME libname | LIB-VER libver>",
    kind: Kind::Session(run),
    subcommands: &[],
};

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    let (attribute, value) = (args.at(2), args.at(3));
    let is_name = attribute.eq_ignore_ascii_case(b"LIB-NAME");
    if !is_name && !attribute.eq_ignore_ascii_case(b"LIB-VER") {
        return Err(error::connection::setinfo_option(attribute));
    }
    if !is_one_word(value) {
        return Err(error::connection::setinfo_value(attribute));
    }
    if let Some(client) = ctx.engine.clients.get_mut(ctx.client) {
        let field = if is_name { &mut client.lib_name } else { &mut client.lib_ver };
        *field = value.to_vec();
    }
    Ok(Reply::OK)
}
