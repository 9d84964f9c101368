//! CLIENT KILL: ends connections, by address or by filters that must all hold. The caller itself is spared unless
//! SKIPME no; it ends after its reply.

use super::kinds::{self, ClientType};
use crate::acl::UserId;
use crate::broker::Ctx;
use crate::broker::client::Client;
use crate::command::args::Args;
use crate::command::error::{self, Refusal};
use crate::command::number;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::reply::Reply;

/// CLIENT KILL.
pub static SPEC: Spec = Spec {
    name: "client|kill",
    summary: "Ends connections.",
    since: "2.4.0",
    group: Group::Connection,
    complexity: "O(N) for N connections",
    arity: -3,
    flags: &[Flag::Admin, Flag::NoScript, Flag::Loading, Flag::Stale],
    keys: Keys::None,
    syntax: "<ip:port | <[ID client-id] | [TYPE <NORMAL | MASTER | REPLICA | PUBSUB>] | [USER username] | [ADDR ip:port] | [LADDR ip:port] | [SKIPME <YES | NO>] | [MAXAGE maxage]>>",
    kind: Kind::Session(run),
    subcommands: &[],
};

#[derive(Debug, PartialEq)]
struct Filters<'a> {
    id: Option<u64>,
    kind: Option<ClientType>,
    addr: Option<&'a [u8]>,
    laddr: Option<&'a [u8]>,
    max_age_s: Option<i64>,
    user: Option<&'a [u8]>,
    skip_me: bool,
}

fn parse(args: Args<'_>) -> Result<Filters<'_>, Refusal> {
    let mut filters =
        Filters { id: None, kind: None, addr: None, laddr: None, max_age_s: None, user: None, skip_me: true };
    let mut i = 0;
    while let Some(word) = args.get(i) {
        let value = args.get(i + 1).ok_or(error::SYNTAX)?;
        match word.to_ascii_uppercase().as_slice() {
            b"ID" => filters.id = Some(positive(value, error::connection::KILL_ID)? as u64),
            b"MAXAGE" => {
                filters.max_age_s = Some(number::integer_or(value, error::connection::MAXAGE_NOT_INTEGER)?);
                filters.max_age_s.filter(|s| *s > 0).ok_or(error::connection::KILL_MAXAGE)?;
            }
            b"TYPE" => filters.kind = Some(ClientType::parse(value)?),
            b"ADDR" => filters.addr = Some(value),
            b"LADDR" => filters.laddr = Some(value),
            b"USER" => filters.user = Some(value),
            b"SKIPME" => filters.skip_me = kinds::yes_or_no(value)?,
            _ => return Err(error::SYNTAX),
        }
        i += 2;
    }
    Ok(filters)
}

fn positive(text: &[u8], refusal: Refusal) -> Result<i64, Refusal> {
    number::integer(text).filter(|n| *n > 0).ok_or(refusal)
}

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    if args.len() == 3 {
        // The old form: an address, which may be the caller's own.
        let target = ctx.engine.clients.iter().find(|c| c.addr.as_bytes() == args.at(2)).map(|c| c.id);
        kill(ctx, target.ok_or(error::connection::NO_SUCH_CLIENT)?);
        return Ok(Reply::OK);
    }
    let filters = parse(args.from(2))?;
    let users = &ctx.engine.access.users;
    let user = match filters.user {
        Some(name) => Some(users.id(name).ok_or_else(|| error::connection::no_such_user(name))?),
        None => None,
    };
    let chosen = |c: &&Client| filters.include(c, ctx.client, ctx.now_ms, user);
    let targets: Vec<u64> = ctx.engine.clients.iter().filter(chosen).map(|c| c.id).collect();
    targets.iter().for_each(|id| kill(ctx, *id));
    Ok(Reply::count(targets.len()))
}

fn kill(ctx: &mut Ctx<'_>, id: u64) {
    ctx.engine.kill(id);
}

impl Filters<'_> {
    fn include(&self, client: &Client, caller: u64, now_ms: i64, user: Option<UserId>) -> bool {
        let is = |wanted: Option<&[u8]>, own: &str| wanted.is_none_or(|w| w == own.as_bytes());
        self.id.is_none_or(|id| id == client.id)
            && self.kind.is_none_or(|kind| kind == ClientType::of(client))
            && user.is_none_or(|user| user == client.user)
            && is(self.addr, &client.addr)
            && is(self.laddr, &client.laddr)
            && self.max_age_s.is_none_or(|s| (now_ms - client.created_ms) / 1000 >= s)
            && !(self.skip_me && client.id == caller)
    }
}
