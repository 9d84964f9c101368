//! CM-11 for a leader that cannot do anything, not even notice; CM-10 for a standby whose last question nobody answered.

use crate::kit::{LONG, MS, quick, soon, started, until};
use crate::proxy::{Network, Proxy};
use crate::stage::{Stage, everywhere, over_sockets};
use brooklet_client::Client;
use brooklet_client::leader::{LeaderConfig, LeaderConsumer, LeaderGuard};
use std::sync::Arc;

/// Bound to its connection, with a long time and a short grace.
fn bound() -> LeaderConfig {
    let (expiry, grace) = (LONG * 2, Some(300 * MS));
    LeaderConfig {
        lock_expiry: expiry,
        refresh_interval: LONG / 2,
        renew_deadline: None,
        disconnect_grace: grace,
        ..quick()
    }
}

/// A leader whose thread does nothing else from now on than to be held up: by a handler that never awaits, a debugger, a hypervisor. Nobody
/// renews, nobody notices; all that is left is the clock.
struct Paused {
    leader: Arc<LeaderConsumer>,
    guard: LeaderGuard,
    go_on: std::sync::mpsc::Sender<()>,
    thread: std::thread::JoinHandle<()>,
}

async fn paused(client: Client, config: LeaderConfig) -> Paused {
    let (say, hear) = tokio::sync::oneshot::channel();
    let (go_on, held_up) = std::sync::mpsc::channel::<()>();
    let thread = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async move {
            let leader = Arc::new(started(client, config));
            let guard = soon("elected", leader.elected()).await;
            until("renewed", async || leader.stats().renewals >= 1).await;
            assert!(say.send((Arc::clone(&leader), guard)).is_ok());
            // Not an await.
            held_up.recv().unwrap();
            leader.stop(500 * MS).await;
        });
    });
    let (leader, guard) = hear.await.unwrap();
    Paused { leader, guard, go_on, thread }
}

impl Paused {
    async fn ends(self, stage: &Stage, other: LeaderConsumer) {
        until("another one leads", async || {
            let key: Option<String> = stage.ask(&["GET", self.leader.key()]).await;
            let says = self.leader.is_leader() || self.guard.is_held();
            assert!(!says || key.as_deref() == Some(self.guard.holder()), "leads while the server has {key:?}");
            other.is_leader()
        })
        .await;
        assert!(!self.leader.is_leader() && self.guard.loss().is_none(), "somebody told it");
        self.go_on.send(()).unwrap();
        // Not joined: this runtime has a leader to keep.
        until("its thread has ended", async || self.thread.is_finished()).await;
        other.stop(1000 * MS).await;
    }
}

#[tokio::test]
async fn cm_11_is_leader_is_never_true_beyond_the_lease_of_a_leader_that_is_paused() {
    everywhere(async |stage| {
        let paused = paused(stage.client(), quick()).await;
        let other = started(stage.client(), quick());
        paused.ends(&stage, other).await;
    })
    .await;
}

#[tokio::test]
async fn cm_11_is_leader_is_never_true_beyond_the_grace_of_a_leader_that_is_paused() {
    let stage = Stage::brooklet();
    let proxy = Proxy::before(stage.address()).await;
    let paused = paused(Stage::client_at(proxy.address()), bound()).await;
    let other = started(stage.client(), bound());
    proxy.set(Network::HalfCut);
    paused.ends(&stage, other).await;
}

/// The server gave the lease to somebody who never heard of it, and who has gone since: it must not stay locked until it expires.
#[tokio::test]
async fn cm_10_a_standby_that_may_have_won_unheard_gives_it_back() {
    over_sockets(async |stage| {
        let proxy = Proxy::before(stage.address()).await;
        let url = format!("redis://{}", proxy.address());
        let deaf = Client::builder().response_timeout(150 * MS).connect_timeout(150 * MS).url(&url).unwrap();
        stage.ask::<()>(&["SET", "mq:consumer:leader:g", "somebody"]).await;
        let config =
            LeaderConfig { lock_expiry: LONG * 3, refresh_interval: LONG, renew_deadline: Some(LONG * 2), ..quick() };
        let standby = started(deaf, config);
        until("it has tried", async || standby.stats().not_obtained >= 1).await;
        proxy.set(Network::Deaf);
        stage.ask::<()>(&["DEL", standby.key()]).await;
        until("it is given the lease", async || stage.ask::<i64>(&["EXISTS", standby.key()]).await == 1).await;
        until("it hears nothing", async || standby.stats().acquire_failures >= 1).await;
        let mended = async {
            tokio::time::sleep(100 * MS).await;
            proxy.set(Network::Up);
        };
        tokio::join!(standby.stop(5000 * MS), mended);
        assert_eq!(standby.stats().won, 0);
        assert_eq!(stage.ask::<i64>(&["EXISTS", standby.key()]).await, 0, "the lease of nobody");
    })
    .await;
}
