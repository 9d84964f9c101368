//! A network between a client and a server that a test can make hang or break.

use std::net::{Ipv4Addr, SocketAddr};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// What the network does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Network {
    /// It works.
    Up,
    /// Nothing arrives any more, and nobody is told.
    Hung,
    /// What clients say arrives, the answers do not.
    Deaf,
    /// The server is told that its clients are gone; the clients hear nothing.
    HalfCut,
    /// Both ends are told.
    Cut,
}

/// Listens, and passes on to a server.
pub struct Proxy {
    address: SocketAddr,
    network: watch::Sender<Network>,
    task: JoinHandle<()>,
}

impl Proxy {
    pub async fn before(server: SocketAddr) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let (network, state) = watch::channel(Network::Up);
        let task = tokio::spawn(accept(listener, server, state));
        Self { address, network, task }
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    pub fn set(&self, network: Network) {
        self.network.send_replace(network);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn accept(listener: TcpListener, server: SocketAddr, state: watch::Receiver<Network>) {
    loop {
        let Ok((client, _)) = listener.accept().await else { return };
        tokio::spawn(connection(client, server, state.clone()));
    }
}

async fn connection(client: TcpStream, server: SocketAddr, mut state: watch::Receiver<Network>) {
    // A network that hangs lets nobody through, but does not say so either.
    if state.wait_for(|network| matches!(network, Network::Up | Network::Deaf | Network::Cut)).await.is_err()
        || *state.borrow() == Network::Cut
    {
        return;
    }
    let Ok(server) = TcpStream::connect(server).await else { return };
    let (mut client_in, mut client_out) = client.into_split();
    let (mut server_in, mut server_out) = server.into_split();
    tokio::select! {
        () = pass(&mut client_in, &mut server_out, Network::Hung, state.clone()) => {}
        () = pass(&mut server_in, &mut client_out, Network::Deaf, state.clone()) => {}
        _ = state.wait_for(|network| matches!(network, Network::Cut | Network::HalfCut)) => {}
    }
    if *state.borrow() == Network::HalfCut {
        drop((server_in, server_out));
        // The client's side stays open, and nobody reads it or writes to it.
        let _ = state.wait_for(|network| *network == Network::Cut).await;
    }
}

/// One direction, which `held` holds up as well as a network that hangs.
async fn pass(from: &mut OwnedReadHalf, to: &mut OwnedWriteHalf, held: Network, mut state: watch::Receiver<Network>) {
    let mut buffer = vec![0; 16 * 1024];
    while let Ok(n @ 1..) = from.read(&mut buffer).await {
        let moved = state.wait_for(|network| ![Network::Hung, held].contains(network)).await;
        let moved = moved.map(|network| *network);
        if !matches!(moved, Ok(Network::Up | Network::Deaf)) || to.write_all(&buffer[..n]).await.is_err() {
            return;
        }
    }
}
