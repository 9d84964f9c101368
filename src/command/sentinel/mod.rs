//! SENTINEL: what clients that look for a master by its name ask. This broker answers for itself: it is the master, has no
//! replicas, and there is no other sentinel.
//!
//! Without `sentinel-master-name` the verb is unknown, because libraries take anybody who knows it for a sentinel and nothing else.
//! So it does not stand in the table with the others, and COMMAND does not tell of it. That the master has changed is never said.

use super::args::Args;
use super::error::{self, Refusal};
use super::help;
use super::spec::{Flag, Group, Keys, Kind, Spec};
use super::table;
use crate::broker::{Ctx, Engine};
use crate::reply::Reply;

/// The verb of this group.
pub static VERBS: &[&Spec] = &[&SENTINEL];

type Answer = Result<Reply, Refusal>;

/// The verb or subcommand that a call means, with the right number of arguments; none if it is another verb, or unknown as long as
/// nobody gave the master a name.
pub fn resolve(engine: &Engine, args: Args<'_>) -> Option<Result<&'static Spec, Refusal>> {
    let is_on = !engine.config.sentinel_master_name.is_empty();
    (is_on && args.at(0).eq_ignore_ascii_case(SENTINEL.name.as_bytes())).then(|| table::resolve_in(&SENTINEL, args))
}

/// `CONSTANT = name, arity, since, syntax, summary, function;`
macro_rules! verbs {
    ($($constant:ident = $name:literal, $arity:literal, $since:literal, $syntax:literal, $summary:literal, $run:expr;)*) => {
        $(#[doc = $summary]
        static $constant: Spec = Spec {
            name: $name,
            summary: $summary,
            since: $since,
            group: Group::Sentinel,
            complexity: "O(1)",
            arity: $arity,
            flags: &[Flag::Admin],
            keys: Keys::None,
            syntax: $syntax,
            kind: Kind::Session($run),
            subcommands: &[],
        };)*
    };
}

verbs! {
    CKQUORUM = "sentinel|ckquorum", 3, "2.8.4", "master-name",
        "Says that the only sentinel is enough.", quorum;
    GET_MASTER_ADDR_BY_NAME = "sentinel|get-master-addr-by-name", 3, "2.8.4", "master-name",
        "Answers the address of the master, which is this broker.", address;
    MASTER = "sentinel|master", 3, "2.8.4", "master-name",
        "Answers what is known about the master.", |ctx, args| of_master(ctx, args, master);
    MASTERS = "sentinel|masters", 2, "2.8.4", "",
        "Answers what is known about all masters: one.", |ctx, _| Ok(Reply::Array(vec![master(ctx)]));
    MYID = "sentinel|myid", 2, "6.2.0", "",
        "Answers the name of the sentinel: that of this run.", |ctx, _| Ok(Reply::bulk(&ctx.engine.stats.run_id));
    REPLICAS = "sentinel|replicas", 3, "5.0.0", "master-name",
        "Answers the replicas of the master: none.", |ctx, args| of_master(ctx, args, nobody);
    SENTINELS = "sentinel|sentinels", 3, "2.8.4", "master-name",
        "Answers the other sentinels: none.", |ctx, args| of_master(ctx, args, nobody);
    SLAVES = "sentinel|slaves", 3, "2.8.0", "master-name",
        "Answers the replicas of the master: none.", |ctx, args| of_master(ctx, args, nobody);
}

static HELP: Spec = help::spec("sentinel|help", Group::Sentinel, "6.2.0");

/// SENTINEL.
static SENTINEL: Spec = Spec {
    name: "sentinel",
    summary: "Holds what sentinels are asked.",
    since: "2.8.4",
    group: Group::Sentinel,
    complexity: "O(1)",
    arity: -2,
    flags: &[Flag::Admin],
    keys: Keys::None,
    syntax: "",
    kind: Kind::Container,
    subcommands: &[
        &CKQUORUM,
        &GET_MASTER_ADDR_BY_NAME,
        &HELP,
        &MASTER,
        &MASTERS,
        &MYID,
        &REPLICAS,
        &SENTINELS,
        &SLAVES,
    ],
};

fn is_master(ctx: &Ctx<'_>, name: &[u8]) -> bool {
    ctx.engine.config.sentinel_master_name.as_bytes() == name
}

fn of_master(ctx: &mut Ctx<'_>, args: Args<'_>, answer: fn(&mut Ctx<'_>) -> Reply) -> Answer {
    if is_master(ctx, args.at(2)) { Ok(answer(ctx)) } else { Err(error::cluster::NO_SUCH_MASTER) }
}

fn nobody(_: &mut Ctx<'_>) -> Reply {
    Reply::Array(Vec::new())
}

fn quorum(ctx: &mut Ctx<'_>, args: Args<'_>) -> Answer {
    const ENOUGH: &str = "OK 1 usable Sentinels. Quorum and failover authorization can be reached";
    of_master(ctx, args, |_| Reply::Status(ENOUGH.into()))
}

/// IP and port as the caller should use them.
fn known(ctx: &Ctx<'_>) -> (String, String) {
    let config = &ctx.engine.config;
    let (ip, port) = ctx.engine.reached(ctx.client);
    let ip = if config.replica_announce_ip.is_empty() { ip } else { config.replica_announce_ip.clone() };
    let port = if config.replica_announce_port == 0 { port } else { config.replica_announce_port };
    (ip, port.to_string())
}

fn address(ctx: &mut Ctx<'_>, args: Args<'_>) -> Answer {
    if !is_master(ctx, args.at(2)) {
        return Ok(Reply::NullArray);
    }
    let (ip, port) = known(ctx);
    Ok(Reply::Array(vec![Reply::bulk(ip), Reply::bulk(port)]))
}

/// What a sentinel of default settings says about a master that it has just spoken to.
fn master(ctx: &mut Ctx<'_>) -> Reply {
    let (ip, port) = known(ctx);
    let stats = &ctx.engine.stats;
    let up_ms = (ctx.now_ms - stats.started_ms).max(0).to_string();
    let facts: [(&'static str, &str); 20] = [
        ("name", &ctx.engine.config.sentinel_master_name),
        ("ip", &ip),
        ("port", &port),
        ("runid", &stats.run_id),
        ("flags", "master"),
        ("link-pending-commands", "0"),
        ("link-refcount", "1"),
        ("last-ping-sent", "0"),
        ("last-ok-ping-reply", "0"),
        ("last-ping-reply", "0"),
        ("down-after-milliseconds", "30000"),
        ("info-refresh", "0"),
        ("role-reported", "master"),
        ("role-reported-time", &up_ms),
        ("config-epoch", "0"),
        ("num-slaves", "0"),
        ("num-other-sentinels", "0"),
        ("quorum", "1"),
        ("failover-timeout", "180000"),
        ("parallel-syncs", "1"),
    ];
    Reply::Map(facts.into_iter().map(|(name, value)| (Reply::text(name), Reply::bulk(value))).collect())
}

#[cfg(test)]
#[cfg(feature = "memory")]
mod tests {
    use crate::broker::client::{Endpoint, Origin};
    use crate::command::cold_kit::Broker;
    use crate::reply::Reply;

    const ASK: &str = "SENTINEL GET-MASTER-ADDR-BY-NAME m";

    fn pair(ip: &'static str, port: &'static str) -> Reply {
        Reply::Array(vec![Reply::text(ip), Reply::text(port)])
    }

    #[test]
    fn the_address_is_the_announced_one_or_that_through_which_the_client_came() {
        let mut broker = Broker::warm(&[]);
        assert!(matches!(broker.call(ASK), Reply::Error(line) if line.starts_with("ERR unknown command 'SENTINEL'")));
        broker.call("CONFIG SET sentinel-master-name m");
        // In process, and nothing is listened on.
        assert_eq!(broker.call(ASK), pair("", "0"));
        broker.engine.listening = vec![Endpoint::Tcp("0.0.0.0:7".parse().unwrap())];
        assert_eq!(broker.call(ASK), pair("127.0.0.1", "7"));
        let origin = Origin::remote("10.0.0.1:5".into(), "[::ffff:10.0.0.2]:8".into(), 3);
        broker.client = broker.engine.open_client(origin);
        assert_eq!(broker.call(ASK), pair("10.0.0.2", "8"));
        broker.call("CONFIG SET replica-announce-ip broker.example.com replica-announce-port 9");
        assert_eq!(broker.call(ASK), pair("broker.example.com", "9"));
        broker.call("CONFIG SET sentinel-master-name other");
        assert_eq!(broker.call(ASK), Reply::NullArray);
    }

    #[test]
    fn who_may_not_do_everything_may_be_allowed_this() {
        let mut broker = Broker::warm(&["CONFIG SET sentinel-master-name m"]);
        broker.call("ACL SETUSER u on nopass ~a* +@all -@admin +sentinel|get-master-addr-by-name");
        broker.call("AUTH u x");
        assert_eq!(broker.call(ASK), pair("", "0"));
        assert!(matches!(broker.call("SENTINEL MASTERS"), Reply::Error(line) if line.starts_with("NOPERM ")));
    }
}
