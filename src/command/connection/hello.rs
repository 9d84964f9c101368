//! HELLO: chooses the protocol, and may authenticate and name the connection in the same call. Everything is checked
//! before the protocol changes; the answer comes in the protocol that was chosen.

use super::auth;
use super::client::setname;
use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::{self, Refusal};
use crate::command::number;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::reply::Reply;
use crate::resp::Protocol;
use crate::telemetry::version::REDIS_VERSION;

/// HELLO.
pub static SPEC: Spec = Spec {
    name: "hello",
    summary: "Chooses the protocol and introduces client and server to each other.",
    since: "6.0.0",
    group: Group::Connection,
    complexity: "O(1)",
    arity: -1,
    flags: &[Flag::NoScript, Flag::Loading, Flag::Stale, Flag::Fast, Flag::NoAuth, Flag::AllowBusy],
    keys: Keys::None,
    syntax: "[protover [AUTH username password] [SETNAME clientname]]",
    kind: Kind::Session(run),
    subcommands: &[],
};

#[derive(Debug, Default, PartialEq)]
struct Options<'a> {
    protocol: Option<Protocol>,
    auth: Option<(&'a [u8], &'a [u8])>,
    name: Option<&'a [u8]>,
}

fn parse(args: Args<'_>) -> Result<Options<'_>, Refusal> {
    let mut options = Options::default();
    let Some(version) = args.get(1) else { return Ok(options) };
    options.protocol = Some(match number::integer_or(version, error::connection::PROTOCOL_NOT_INTEGER)? {
        2 => Protocol::Resp2,
        3 => Protocol::Resp3,
        _ => return Err(error::connection::NO_PROTOCOL),
    });
    let mut i = 2;
    while let Some(word) = args.get(i) {
        match (args.get(i + 1), args.get(i + 2)) {
            (Some(user), Some(password)) if word.eq_ignore_ascii_case(b"AUTH") => {
                options.auth = Some((user, password));
                i += 3;
            }
            (Some(name), _) if word.eq_ignore_ascii_case(b"SETNAME") => {
                options.name = Some(setname::checked(name)?);
                i += 2;
            }
            _ => return Err(error::connection::hello_option(word)),
        }
    }
    Ok(options)
}

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    let options = parse(args)?;
    if let Some((user, password)) = options.auth {
        auth::log_in(ctx, "HELLO", user, password)?;
    }
    let open = ctx.engine.access.users.is_open();
    let Some(client) = ctx.engine.clients.get_mut(ctx.client) else { return Ok(Reply::Null) };
    if !client.authenticated && !open {
        return Err(error::connection::HELLO_NOAUTH);
    }
    if let Some(name) = options.name {
        client.name = name.to_vec();
    }
    client.protocol = options.protocol.unwrap_or(client.protocol);
    let mode = if ctx.engine.cluster.is_some() { "cluster" } else { "standalone" };
    Ok(introduction(client.protocol, client.id, mode))
}

fn introduction(protocol: Protocol, id: u64, mode: &'static str) -> Reply {
    let proto = if protocol == Protocol::Resp3 { 3 } else { 2 };
    Reply::Map(vec![
        (Reply::text("server"), Reply::text("redis")),
        (Reply::text("version"), Reply::text(REDIS_VERSION)),
        (Reply::text("proto"), Reply::Integer(proto)),
        (Reply::text("id"), Reply::Integer(id as i64)),
        (Reply::text("mode"), Reply::text(mode)),
        (Reply::text("role"), Reply::text("master")),
        (Reply::text("modules"), Reply::Array(Vec::new())),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::args::OwnedArgs;

    #[test]
    fn options_in_any_order() {
        let call = OwnedArgs::collect(["HELLO", "3", "setname", "bob", "auth", "u", "p"]);
        let options = parse(call.as_args()).unwrap();
        assert_eq!(options.protocol, Some(Protocol::Resp3));
        assert_eq!((options.auth, options.name), (Some((&b"u"[..], &b"p"[..])), Some(&b"bob"[..])));
        for bad in [&["HELLO", "4"][..], &["HELLO", "3", "AUTH", "u"], &["HELLO", "2", "SETNAME", "a b"]] {
            assert!(parse(OwnedArgs::collect(bad).as_args()).is_err(), "{bad:?}");
        }
    }
}
