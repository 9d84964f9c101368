//! What makes this broker a cluster of one node: a name, and the addresses it is known under.
//!
//! The node has all slots from its first start and gives none away, so there is nothing else to remember. (Its epoch is a number
//! that tools may raise; it means nothing and is forgotten.) Must never know: verbs. Read next: `command/cluster/mod.rs`.

use super::Engine;
use super::client::{ClientId, Endpoint};
use brooklet_storage::StorageError;
use brooklet_storage::store::Store;
use std::net::{IpAddr, SocketAddr};

/// The cluster that consists of this node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cluster {
    /// 40 hex digits, the same in every run over one folder.
    pub node: String,
    /// Raised by CLUSTER BUMPEPOCH and SET-CONFIG-EPOCH.
    pub epoch: i64,
}

impl Cluster {
    /// A node with this name.
    pub fn new(node: String) -> Cluster {
        Cluster { node, epoch: 0 }
    }

    /// The name of its shard: other 40 hex digits, which live as long.
    pub fn shard(&self) -> String {
        self.node.chars().rev().collect()
    }
}

/// 40 hex digits that nobody else has.
pub fn fresh_name() -> String {
    (0..40).map(|_| char::from_digit(fastrand::u32(0..16), 16).unwrap_or('0')).collect()
}

/// Fails if there are keys that nobody could reach: a cluster has database 0 only.
pub fn check_databases(store: &Store) -> Result<(), StorageError> {
    let used = (1..store.databases()).find(|db| !store.database(*db).is_empty());
    used.map_or(Ok(()), |db| Err(StorageError::BeyondCluster(db)))
}

impl Engine {
    /// The address through which a client came: what others on its way can use, too. For one that came through no address,
    /// the one that is listened on; with none, no IP and port 0.
    pub fn reached(&self, client: ClientId) -> (String, u16) {
        let own = self.clients.get(client).and_then(|c| c.laddr.parse::<SocketAddr>().ok());
        let Some(addr) = own.or_else(|| self.listening.iter().find_map(Endpoint::address)) else {
            return (String::new(), 0);
        };
        let ip = match addr.ip().to_canonical() {
            IpAddr::V4(any) if any.is_unspecified() => "127.0.0.1".to_owned(),
            IpAddr::V6(any) if any.is_unspecified() => "::1".to_owned(),
            ip => ip.to_string(),
        };
        (ip, addr.port())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_node_and_shard() {
        let cluster = Cluster::new(fresh_name());
        assert!(cluster.node.len() == 40 && cluster.node.bytes().all(|b| b.is_ascii_hexdigit()));
        assert_ne!(cluster.node, cluster.shard());
        assert_ne!(cluster.node, fresh_name());
    }

    #[test]
    fn keys_in_other_databases_are_not_hidden() {
        let mut store = Store::new(3, 0);
        store.set_string(0, b"k", None, b"v"[..].into(), None);
        assert!(check_databases(&store).is_ok());
        store.set_string(2, b"k", None, b"v"[..].into(), None);
        assert!(matches!(check_databases(&store), Err(StorageError::BeyondCluster(2))));
    }
}
