//! What CLUSTER tells about the only node: SLOTS, SHARDS, NODES, INFO.

use super::{Answer, cluster};
use crate::broker::Ctx;
use crate::broker::cluster::Cluster;
use crate::command::args::Args;
use crate::command::error;
use crate::command::slots::SLOTS;
use crate::config::{Config, Endpoint};
use crate::reply::Reply;
use std::borrow::Cow;

/// What stands for a host name that was not configured.
const NO_HOSTNAME: &str = "?";

const LAST: u16 = SLOTS - 1;

/// The addresses of the node, as a client is told them.
struct Known<'a> {
    ip: String,
    port: u16,
    config: &'a Config,
    cluster: &'a Cluster,
}

impl Known<'_> {
    fn to<'a>(ctx: &'a Ctx<'_>) -> Result<Known<'a>, error::Refusal> {
        let (config, cluster) = (&ctx.engine.config, ctx.engine.cluster.as_ref().ok_or(error::cluster::DISABLED)?);
        let (ip, port) = ctx.engine.reached(ctx.client);
        let ip = if config.cluster_announce_ip.is_empty() { ip } else { config.cluster_announce_ip.clone() };
        let port = if config.cluster_announce_port == 0 { port } else { config.cluster_announce_port };
        Ok(Known { ip, port, config, cluster })
    }

    fn hostname(&self) -> Option<&str> {
        Some(self.config.cluster_announce_hostname.as_str()).filter(|name| !name.is_empty())
    }

    /// What to connect to; nothing means what the client is connected to.
    fn endpoint(&self) -> Option<&str> {
        match self.config.cluster_preferred_endpoint_type {
            Endpoint::Ip => Some(&self.ip),
            Endpoint::Hostname => Some(self.hostname().unwrap_or(NO_HOSTNAME)),
            Endpoint::Unknown => None,
        }
    }

    /// The addresses that the endpoint is not.
    fn others(&self) -> Reply {
        let endpoint = self.config.cluster_preferred_endpoint_type;
        let ip = (endpoint != Endpoint::Ip).then(|| (Reply::text("ip"), Reply::bulk(&self.ip)));
        let hostname = self.hostname().filter(|_| endpoint != Endpoint::Hostname);
        let hostname = hostname.map(|name| (Reply::text("hostname"), Reply::bulk(name)));
        Reply::Map(ip.into_iter().chain(hostname).collect())
    }

    fn node(&self) -> Reply {
        let mut facts = vec![
            (Reply::text("id"), Reply::bulk(&self.cluster.node)),
            (Reply::text("port"), Reply::Integer(self.port.into())),
            (Reply::text("ip"), Reply::bulk(&self.ip)),
            (Reply::text("endpoint"), Reply::bulk(self.endpoint().unwrap_or_default())),
        ];
        facts.extend(self.hostname().map(|name| (Reply::text("hostname"), Reply::bulk(name))));
        facts.extend([
            (Reply::text("role"), Reply::text("master")),
            (Reply::text("replication-offset"), Reply::Integer(0)),
            (Reply::text("health"), Reply::text("online")),
        ]);
        Reply::Map(facts)
    }

    fn line(&self) -> String {
        let Known { ip, port, config, cluster } = self;
        let hostname = self.hostname().map_or_else(String::new, |name| format!(",{name}"));
        format!(
            "{} {ip}:{port}@{}{hostname} myself,master - 0 0 {} connected 0-{LAST}\n",
            cluster.node, config.cluster_announce_bus_port, cluster.epoch
        )
    }
}

fn text(text: String) -> Reply {
    Reply::Verbatim(Cow::Borrowed("txt"), text.into())
}

/// CLUSTER SLOTS.
pub(super) fn slots(ctx: &mut Ctx<'_>, _: Args<'_>) -> Answer {
    let known = Known::to(ctx)?;
    let node = vec![
        known.endpoint().map_or(Reply::Null, Reply::bulk),
        Reply::Integer(known.port.into()),
        Reply::bulk(&known.cluster.node),
        known.others(),
    ];
    let range = vec![Reply::Integer(0), Reply::Integer(LAST.into()), Reply::Array(node)];
    Ok(Reply::Array(vec![Reply::Array(range)]))
}

/// CLUSTER SHARDS.
pub(super) fn shards(ctx: &mut Ctx<'_>, _: Args<'_>) -> Answer {
    let shard = vec![
        (Reply::text("slots"), Reply::Array(vec![Reply::Integer(0), Reply::Integer(LAST.into())])),
        (Reply::text("nodes"), Reply::Array(vec![Known::to(ctx)?.node()])),
    ];
    Ok(Reply::Array(vec![Reply::Map(shard)]))
}

/// CLUSTER NODES.
pub(super) fn nodes(ctx: &mut Ctx<'_>, _: Args<'_>) -> Answer {
    Ok(text(Known::to(ctx)?.line()))
}

/// CLUSTER INFO.
pub(super) fn info(ctx: &mut Ctx<'_>, _: Args<'_>) -> Answer {
    let epoch = cluster(ctx)?.epoch;
    let lines = [
        ("cluster_slots_assigned", SLOTS.into()),
        ("cluster_slots_ok", SLOTS.into()),
        ("cluster_slots_pfail", 0),
        ("cluster_slots_fail", 0),
        ("cluster_known_nodes", 1),
        ("cluster_size", 1),
        ("cluster_current_epoch", epoch),
        ("cluster_my_epoch", epoch),
        ("cluster_stats_messages_sent", 0),
        ("cluster_stats_messages_received", 0),
        ("total_cluster_links_buffer_limit_exceeded", 0),
    ];
    let lines = lines.into_iter().map(|(name, value): (&str, i64)| format!("{name}:{value}\r\n"));
    Ok(text(format!("cluster_state:ok\r\n{}", lines.collect::<String>())))
}

/// An answer about a node, if there is one of this name.
pub(super) fn known(ctx: &mut Ctx<'_>, args: Args<'_>, answer: Reply) -> Answer {
    match is_self(ctx, args.at(2))? {
        true => Ok(answer),
        false => Err(error::cluster::unknown_node(args.at(2))),
    }
}

/// Whether this is the name of the node.
pub(super) fn is_self(ctx: &mut Ctx<'_>, name: &[u8]) -> Result<bool, error::Refusal> {
    Ok(cluster(ctx)?.node.as_bytes() == name)
}
