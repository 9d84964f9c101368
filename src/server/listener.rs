//! Listening: event loops, each a thread with a single-threaded runtime; a connection stays on its loop for life.
//!
//! The first loop accepts and hands connections round. Must never know: the protocol. Read next: `door.rs`.

use super::connection;
use super::door::{Door, Entrance};
use super::wire::{Crossing, Wire};
use crate::broker::client::Endpoint;
use crate::broker::shared::Shared;
use crate::broker::threads;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;

/// Connections that wait for a loop to take them, at most; the kernel's backlog holds the rest.
const HANDOVER: usize = 128;

/// How long a loop goes on when the broker ends, so that calls that have begun are answered.
const DRAIN: Duration = Duration::from_millis(50);

/// A broker that listens.
pub struct Listening {
    endpoints: Vec<Endpoint>,
    threads: Vec<std::thread::JoinHandle<()>>,
}

impl Listening {
    /// Where clients can connect, with the ports that were chosen.
    pub fn endpoints(&self) -> &[Endpoint] {
        &self.endpoints
    }

    /// Waits until the loops have ended (see [`crate::broker::tasks::Tasks::end`]).
    pub fn join(self) {
        for thread in self.threads {
            let _ = thread.join();
        }
    }
}

/// Starts `loops` event loops that serve the clients who come through `doors`.
pub fn start(shared: &Arc<Shared>, doors: Vec<Door>, loops: usize) -> io::Result<Listening> {
    let endpoints = doors.iter().map(Door::endpoint).collect::<io::Result<Vec<_>>>()?;
    shared.engine().listening.extend_from_slice(&endpoints);
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
            run_loop(&shared, Vec::new(), Vec::new(), Some(rx))
        }));
    }
    let first = Arc::clone(shared);
    handles.extend(threads::start("loop", failed, move || run_loop(&first, doors, others, None)));
    Ok(Listening { endpoints, threads: handles })
}

fn run_loop(
    shared: &Arc<Shared>,
    doors: Vec<Door>,
    others: Vec<mpsc::Sender<Crossing>>,
    handed: Option<mpsc::Receiver<Crossing>>,
) {
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().max_blocking_threads(4).build() {
        Ok(runtime) => runtime,
        Err(error) => {
            shared.committer().fail(&brooklet_storage::StorageError::Poisoned(format!("event loop: {error}")));
            return;
        }
    };
    runtime.block_on(async {
        for door in doors {
            tokio::spawn(accept(Arc::clone(shared), door, others.clone()));
        }
        if let Some(handed) = handed {
            tokio::spawn(take_over(Arc::clone(shared), handed));
        }
        shared.tasks().ended().await;
        // What is on its way is still answered; then the connections are closed with the loop.
        tokio::time::sleep(DRAIN).await;
    });
    runtime.shutdown_timeout(Duration::from_millis(100));
}

async fn accept(shared: Arc<Shared>, door: Door, others: Vec<mpsc::Sender<Crossing>>) {
    let Ok(mut entrance) = Entrance::of(door) else { return };
    let mut turn = 0;
    loop {
        match entrance.next(&shared).await {
            Ok(wire) => {
                prepare(&shared, &wire);
                turn = (turn + 1) % (others.len() + 1);
                if turn == 0 {
                    tokio::spawn(connection::serve(wire, Arc::clone(&shared)));
                } else if let Ok(crossing) = wire.leave() {
                    let _ = others[turn - 1].send(crossing).await;
                }
            }
            // Out of descriptors, or a connection that was reset already: others must still be accepted.
            Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
        }
    }
}

fn prepare(shared: &Shared, wire: &Wire) {
    let Some(stream) = wire.tcp() else { return };
    let _ = stream.set_nodelay(true);
    let idle_s = shared.engine().config.tcp_keepalive_s;
    if idle_s > 0 {
        let probes = socket2::TcpKeepalive::new().with_time(Duration::from_secs(idle_s));
        let _ = socket2::SockRef::from(stream).set_tcp_keepalive(&probes);
    }
}

async fn take_over(shared: Arc<Shared>, mut handed: mpsc::Receiver<Crossing>) {
    while let Some(crossing) = handed.recv().await {
        if let Ok(wire) = crossing.arrive() {
            tokio::spawn(connection::serve(wire, Arc::clone(&shared)));
        }
    }
}
