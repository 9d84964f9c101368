//! CLIENT LIST: one line for each connection, oldest first.

use super::kinds::ClientType;
use super::line;
use crate::broker::Ctx;
use crate::broker::client::Client;
use crate::command::args::Args;
use crate::command::error::{self, Refusal};
use crate::command::number;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::reply::Reply;

/// CLIENT LIST.
pub static SPEC: Spec = Spec {
    name: "client|list",
    summary: "Describes the connections.",
    since: "2.4.0",
    group: Group::Connection,
    complexity: "O(N) for N connections",
    arity: -2,
    flags: &[Flag::Admin, Flag::NoScript, Flag::Loading, Flag::Stale],
    keys: Keys::None,
    syntax: "[TYPE <NORMAL | MASTER | REPLICA | PUBSUB>] [ID client-id [client-id ...]]",
    kind: Kind::Session(run),
    subcommands: &[],
};

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    let chosen = Choice::parse(args.from(2))?;
    let engine = &*ctx.engine;
    let lines = engine.clients.iter().filter(|c| chosen.includes(c)).map(|c| line::describe(engine, c));
    Ok(Reply::Verbatim("txt".into(), lines.collect::<String>().into()))
}

#[derive(Debug, PartialEq)]
enum Choice {
    All,
    Type(ClientType),
    Ids(Vec<u64>),
}

impl Choice {
    fn parse(args: Args<'_>) -> Result<Choice, Refusal> {
        let word = args.at(0);
        match args.len() {
            0 => Ok(Choice::All),
            2 if word.eq_ignore_ascii_case(b"TYPE") => ClientType::parse(args.at(1)).map(Choice::Type),
            2.. if word.eq_ignore_ascii_case(b"ID") => {
                let ids = args.from(1).iter().map(|id| number::integer_or(id, error::connection::BAD_CLIENT_ID));
                ids.map(|id| id.map(|id| id.max(0) as u64)).collect::<Result<_, _>>().map(Choice::Ids)
            }
            _ => Err(error::SYNTAX),
        }
    }

    fn includes(&self, client: &Client) -> bool {
        match self {
            Choice::All => true,
            Choice::Type(kind) => *kind == ClientType::of(client),
            Choice::Ids(ids) => ids.contains(&client.id),
        }
    }
}
