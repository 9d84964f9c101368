//! What the reference has to be told so that it is what ours is by one option: a cluster of one node that has all slots
//! (`--cluster-enabled yes`), or a sentinel that watches over itself (`--sentinel-master-name`).

use std::io::{Error, Result};
use std::net::SocketAddr;
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::{Client, Protocol};

/// How long a cluster may take until it serves all slots.
const PATIENCE: Duration = Duration::from_secs(30);

fn value<'a>(flags: &'a [String], name: &str) -> Option<&'a str> {
    flags.windows(2).find_map(|pair| (pair[0] == name).then_some(pair[1].as_str()))
}

/// All arguments, made of its own and of those that a test gives.
pub fn arguments(own: Vec<String>, flags: &[String], port: u16, bus: u16, scratch: &Path) -> Result<Vec<String>> {
    let Some(master) = value(flags, "--sentinel-master-name") else {
        let mut all = [own, flags.to_vec()].concat();
        if is_cluster(flags) {
            all.extend(["--cluster-port".to_owned(), bus.to_string()]);
        }
        return Ok(all);
    };
    let file = scratch.join("sentinel.conf");
    std::fs::write(&file, format!("port {port}\nbind 127.0.0.1\nsentinel monitor {master} 127.0.0.1 {port} 1\n"))?;
    Ok(vec![file.to_string_lossy().into_owned(), "--sentinel".to_owned()])
}

fn is_cluster(flags: &[String]) -> bool {
    value(flags, "--cluster-enabled") == Some("yes")
}

/// What remains to be done once it answers.
pub fn arrange(flags: &[String], address: SocketAddr) -> Result<()> {
    if !is_cluster(flags) {
        return Ok(());
    }
    let failed = |why| Error::other(format!("a cluster of one node: {why:?}"));
    let mut client = Client::connect(address, Protocol::Resp2)?;
    // It remembers them: after a restart they are busy.
    client.call(&["CLUSTER", "ADDSLOTSRANGE", "0", "16383"]).map_err(failed)?;
    let deadline = Instant::now() + PATIENCE;
    while Instant::now() < deadline {
        let state = client.call(&["CLUSTER", "INFO"]).map_err(failed)?;
        if state.text().is_some_and(|text| text.starts_with("cluster_state:ok")) {
            return Ok(());
        }
        sleep(Duration::from_millis(5));
    }
    Err(Error::other("the cluster of one node does not come up"))
}
