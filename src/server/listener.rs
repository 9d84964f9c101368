//! Listening: event loops, each a thread with a single-threaded runtime; a connection stays on its loop for life.
//!
//! The first loop accepts and hands connections round. Must never know: the protocol.

use super::connection;
use crate::broker::shared::Shared;
use crate::broker::threads;
use std::io;
use std::net::{SocketAddr, TcpListener as StdListener};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::LocalSet;

/// Connections that wait for a loop to take them, at most; the kernel's backlog holds the rest.
const HANDOVER: usize = 128;

/// How long a loop goes on when the broker ends, so that calls that have begun are answered.
const DRAIN: Duration = Duration::from_millis(50);

/// A broker that listens.
pub struct Listening {
    addrs: Vec<SocketAddr>,
    threads: Vec<std::thread::JoinHandle<()>>,
}

impl Listening {
    /// The addresses, with the ports that were chosen.
    pub fn addrs(&self) -> &[SocketAddr] {
        &self.addrs
    }

    /// Waits until the loops have ended (see [`crate::broker::tasks::Tasks::end`]).
    pub fn join(self) {
        for thread in self.threads {
            let _ = thread.join();
        }
    }
}

/// Binds one address.
pub fn bind(addr: SocketAddr, backlog: u32) -> io::Result<StdListener> {
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

/// Starts `loops` event loops that serve connections of `listeners`.
pub fn start(shared: &Arc<Shared>, listeners: Vec<StdListener>, loops: usize) -> io::Result<Listening> {
    let addrs = listeners.iter().map(StdListener::local_addr).collect::<io::Result<Vec<_>>>()?;
    shared.engine().listening.extend(&addrs);
    let failed: Arc<dyn Fn(String) + Send + Sync> = {
        let shared = Arc::clone(shared);
        Arc::new(move |why| {
            shared.committer().fail(&brooklet_storage::StorageError::Poisoned(why));
        })
    };
    let mut others = Vec::new();
    let mut handles = Vec::new();
    for _ in 1..loops.max(1) {
        let (tx, rx) = mpsc::channel(HANDOVER);
        others.push(tx);
        let shared = Arc::clone(shared);
        handles.extend(threads::start("loop", Arc::clone(&failed), move || {
            run_loop(&shared, Vec::new(), vec![], Some(rx))
        }));
    }
    let first = Arc::clone(shared);
    handles.extend(threads::start("loop", failed, move || run_loop(&first, listeners, others, None)));
    Ok(Listening { addrs, threads: handles })
}

fn run_loop(
    shared: &Arc<Shared>,
    listeners: Vec<StdListener>,
    others: Vec<mpsc::Sender<std::net::TcpStream>>,
    handed: Option<mpsc::Receiver<std::net::TcpStream>>,
) {
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().max_blocking_threads(4).build() {
        Ok(runtime) => runtime,
        Err(error) => {
            shared.committer().fail(&brooklet_storage::StorageError::Poisoned(format!("event loop: {error}")));
            return;
        }
    };
    let local = LocalSet::new();
    local.block_on(&runtime, async {
        for listener in listeners {
            tokio::task::spawn_local(accept(Arc::clone(shared), listener, others.clone()));
        }
        if let Some(handed) = handed {
            tokio::task::spawn_local(take_over(Arc::clone(shared), handed));
        }
        shared.tasks().ended().await;
        // What is on its way is still answered; then the connections are closed with the loop.
        tokio::time::sleep(DRAIN).await;
    });
    runtime.shutdown_timeout(Duration::from_millis(100));
}

async fn accept(shared: Arc<Shared>, listener: StdListener, others: Vec<mpsc::Sender<std::net::TcpStream>>) {
    let Ok(listener) = TcpListener::from_std(listener) else { return };
    let mut turn = 0;
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                prepare(&shared, &stream);
                turn = (turn + 1) % (others.len() + 1);
                if turn == 0 {
                    tokio::task::spawn_local(connection::serve(stream, Arc::clone(&shared)));
                } else if let Ok(stream) = stream.into_std() {
                    let _ = others[turn - 1].send(stream).await;
                }
            }
            // Out of descriptors, or a connection that was reset already: others must still be accepted.
            Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
        }
    }
}

fn prepare(shared: &Shared, stream: &TcpStream) {
    let _ = stream.set_nodelay(true);
    let idle_s = shared.engine().config.tcp_keepalive_s;
    if idle_s > 0 {
        let probes = socket2::TcpKeepalive::new().with_time(Duration::from_secs(idle_s));
        let _ = socket2::SockRef::from(stream).set_tcp_keepalive(&probes);
    }
}

async fn take_over(shared: Arc<Shared>, mut handed: mpsc::Receiver<std::net::TcpStream>) {
    while let Some(stream) = handed.recv().await {
        if let Ok(stream) = TcpStream::from_std(stream) {
            tokio::task::spawn_local(connection::serve(stream, Arc::clone(&shared)));
        }
    }
}
