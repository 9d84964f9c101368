//! Opening the doors that the options ask for, with errors that tell what to do.

use crate::acl::User;
use crate::cli::users;
use crate::config::Config;
use crate::server::door::{self, Door};
use std::io;
use std::net::{SocketAddr, TcpListener, ToSocketAddrs};

/// Opens all doors.
pub fn open(config: &Config) -> Result<Vec<Door>, String> {
    let mut doors = Vec::new();
    if let Some(port) = config.plain_port() {
        doors.extend(addresses(config, port)?.into_iter().map(Door::Plain));
    }
    if config.tls_port > 0 {
        doors.extend(encrypted(config)?);
    }
    let path = &config.unixsocket;
    if !path.as_os_str().is_empty() {
        let door = door::bind_local(path, config.unixsocketperm.0, config.tcp_backlog);
        doors.push(Door::Local(door.map_err(|why| format!("cannot listen on {}: {why}", path.display()))?));
    }
    if doors.is_empty() { Err("no address to listen on (see bind)".into()) } else { Ok(doors) }
}

#[cfg(feature = "tls")]
fn encrypted(config: &Config) -> Result<Vec<Door>, String> {
    use crate::tls::{Identity, Wanted};
    let with_identity = |listener| Ok(Door::Encrypted(listener, Box::new(Identity::load(Wanted::by(config))?)));
    addresses(config, config.tls_port)?.into_iter().map(with_identity).collect()
}

#[cfg(not(feature = "tls"))]
fn encrypted(_: &Config) -> Result<Vec<Door>, String> {
    Err("this build does not speak TLS (feature `tls`): leave tls-port away".to_owned())
}

/// Opens this port on all addresses of `bind`.
fn addresses(config: &Config, mut port: u16) -> Result<Vec<TcpListener>, String> {
    let mut bound = Vec::new();
    for name in &config.bind {
        let (name, optional) = name.strip_prefix('-').map_or((name.as_str(), false), |name| (name, true));
        let host = match name {
            "*" => "0.0.0.0",
            "::*" => "::",
            other => other,
        };
        let addr = (host, port).to_socket_addrs().ok().and_then(|mut a| a.next());
        let listener = addr
            .ok_or_else(|| "no such address".to_owned())
            .and_then(|a: SocketAddr| door::bind(a, config.tcp_backlog).map_err(|e| explain(&e)));
        match listener {
            Ok(listener) => {
                // With port 0 the first address chooses for all.
                port = listener.local_addr().map_or(port, |a| a.port());
                bound.push(listener);
            }
            Err(_) if optional => {}
            Err(why) => return Err(format!("cannot listen on {host}:{port}: {why}")),
        }
    }
    Ok(bound)
}

fn explain(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::AddrInUse => "the port is in use (stop what listens there, or choose another)".to_owned(),
        io::ErrorKind::PermissionDenied => "permission denied (ports below 1024 need a privilege)".to_owned(),
        _ => error.to_string(),
    }
}

/// Without a password only this machine may be served, unless the operator insists.
pub fn allow_addresses(config: &Config, users: &[User]) -> Result<(), String> {
    if config.insecure || !users::are_open(config, users) {
        return Ok(());
    }
    match config.bind.iter().find(|name| !is_loopback(name)) {
        None => Ok(()),
        Some(name) => Err(format!(
            "bind {name} would serve other machines without a password; set one with --requirepass (or \
             --requirepass-file), bind only 127.0.0.1, or say --insecure"
        )),
    }
}

/// Whether only this machine can reach an address of `bind`. A name that cannot be resolved counts as reachable.
fn is_loopback(name: &str) -> bool {
    let host = name.strip_prefix('-').unwrap_or(name);
    let Ok(mut found) = (host, 0).to_socket_addrs() else { return false };
    host != "*" && host != "::*" && found.all(|addr| addr.ip().is_loopback())
}
