//! The doors through which clients come: TCP addresses, encrypted or not, and a socket in the file system.
//!
//! A [`Door`] is open before anything runs; on its event loop it becomes an [`Entrance`]. Must never know: what is said.
//! Read next: `listener.rs`, `wire.rs`.

#[cfg(feature = "tls")]
use super::encrypted::Encrypted;
use super::wire::Wire;
use crate::broker::client::Endpoint;
use crate::broker::shared::Shared;
#[cfg(feature = "tls")]
use crate::tls::{Identity, Wanted};
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::sync::Arc;

/// Who may connect through a socket file if nothing is said: its owner.
const OWNER_ONLY: u32 = 0o700;

/// A door that is open: clients can connect, and wait until they are accepted.
pub enum Door {
    /// A TCP address.
    Plain(TcpListener),
    /// A TCP address where TLS is spoken.
    #[cfg(feature = "tls")]
    Encrypted(TcpListener, Box<Identity>),
    /// A socket file.
    Local(LocalDoor),
}

impl Door {
    /// Where it is.
    pub fn endpoint(&self) -> io::Result<Endpoint> {
        match self {
            Door::Plain(listener) => listener.local_addr().map(Endpoint::Tcp),
            #[cfg(feature = "tls")]
            Door::Encrypted(listener, _) => listener.local_addr().map(Endpoint::Tls),
            Door::Local(door) => Ok(Endpoint::Unix(door.file.0.to_path_buf())),
        }
    }
}

/// A door in the file system.
pub struct LocalDoor {
    listener: UnixListener,
    file: SocketFile,
}

/// The file of a door; it goes when the door does.
pub(super) struct SocketFile(Arc<Path>);

impl Drop for SocketFile {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// A door on its event loop, where clients are accepted.
pub(super) enum Entrance {
    Plain(tokio::net::TcpListener),
    #[cfg(feature = "tls")]
    Encrypted(tokio::net::TcpListener, Box<Identity>),
    Local(tokio::net::UnixListener, SocketFile),
}

impl Entrance {
    pub(super) fn of(door: Door) -> io::Result<Entrance> {
        Ok(match door {
            Door::Plain(listener) => Entrance::Plain(tokio::net::TcpListener::from_std(listener)?),
            #[cfg(feature = "tls")]
            Door::Encrypted(listener, identity) => {
                Entrance::Encrypted(tokio::net::TcpListener::from_std(listener)?, identity)
            }
            Door::Local(LocalDoor { listener, file }) => {
                Entrance::Local(tokio::net::UnixListener::from_std(listener)?, file)
            }
        })
    }

    /// The next client.
    #[cfg_attr(not(feature = "tls"), allow(unused_variables))]
    pub(super) async fn next(&mut self, shared: &Shared) -> io::Result<Wire> {
        match self {
            Entrance::Plain(listener) => listener.accept().await.map(|(stream, _)| Wire::Plain(stream)),
            #[cfg(feature = "tls")]
            Entrance::Encrypted(listener, identity) => {
                let (stream, _) = listener.accept().await?;
                let wanted = Wanted::by(&shared.engine().config);
                let identity = identity.current(wanted);
                Encrypted::new(stream, identity).map(|wire| Wire::Encrypted(Box::new(wire)))
            }
            Entrance::Local(listener, file) => {
                listener.accept().await.map(|(stream, _)| Wire::Local(stream, Arc::clone(&file.0)))
            }
        }
    }
}

/// Opens a TCP address. `backlog`: connections that the kernel holds until they are accepted.
pub fn bind(addr: SocketAddr, backlog: u32) -> io::Result<TcpListener> {
    let domain = if addr.is_ipv6() { socket2::Domain::IPV6 } else { socket2::Domain::IPV4 };
    let socket = socket2::Socket::new(domain, socket2::Type::STREAM, None)?;
    if addr.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    socket.set_reuse_address(true)?;
    socket.bind(&addr.into())?;
    socket.listen(i32::try_from(backlog).unwrap_or(511))?;
    socket.set_nonblocking(true)?;
    Ok(socket.into())
}

/// Opens a socket file with the permissions `mode` (0: only its owner). A file that a dead server left is replaced; one
/// behind which somebody listens is not, nor is one that is no socket.
pub fn bind_local(path: &Path, mode: u32, backlog: u32) -> io::Result<LocalDoor> {
    make_way(path)?;
    let socket = socket2::Socket::new(socket2::Domain::UNIX, socket2::Type::STREAM, None)?;
    socket.bind(&socket2::SockAddr::unix(path)?)?;
    let file = SocketFile(path.into());
    // Nobody can connect before `listen`, so nobody comes in with permissions that are not meant.
    let mode = if mode == 0 { OWNER_ONLY } else { mode };
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode))?;
    socket.listen(i32::try_from(backlog).unwrap_or(511))?;
    socket.set_nonblocking(true)?;
    Ok(LocalDoor { listener: socket.into(), file })
}

fn make_way(path: &Path) -> io::Result<()> {
    match std::fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
        Ok(found) if !found.file_type().is_socket() => {
            Err(io::Error::new(io::ErrorKind::AlreadyExists, "there is a file of that name that is no socket"))
        }
        Ok(_) if UnixStream::connect(path).is_ok() => Err(io::ErrorKind::AddrInUse.into()),
        Ok(_) => std::fs::remove_file(path),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    fn refusal(path: &Path) -> io::ErrorKind {
        bind_local(path, 0, 5).err().map(|why| why.kind()).unwrap()
    }

    #[test]
    fn a_socket_file_has_its_permissions_and_goes_with_its_door() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("s");
        for (asked, got) in [(0, 0o700), (0o777, 0o777), (0o660, 0o660)] {
            let door = bind_local(&path, asked, 5).unwrap();
            assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, got);
            assert_eq!(Door::Local(door).endpoint().unwrap(), Endpoint::Unix(path.clone()));
            assert!(!path.exists(), "the door is gone, its file is not");
        }
    }

    #[test]
    fn what_a_dead_server_left_is_replaced_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("s");
        drop(UnixListener::bind(&path).unwrap());
        let door = bind_local(&path, 0, 5).unwrap();
        assert_eq!(refusal(&path), io::ErrorKind::AddrInUse);
        drop(door);
        std::fs::write(&path, "a letter").unwrap();
        assert_eq!(refusal(&path), io::ErrorKind::AlreadyExists);
        let mut text = String::new();
        std::fs::File::open(&path).unwrap().read_to_string(&mut text).unwrap();
        assert_eq!(text, "a letter");
    }
}
