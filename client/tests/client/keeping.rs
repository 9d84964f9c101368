//! CM-10, CM-11, CM-13 to CM-15: keeping the lease, losing it, giving it back.

use crate::kit::{LONG, Log, MS, builder, crash, lazy, publish, quick, soon, started, until, within};
use crate::proxy::{Network, Proxy};
use crate::stage::{Stage, everywhere, over_sockets, with_leases};
use brooklet_client::Client;
use brooklet_client::leader::{BoxError, LeaderConfig, LeaderConsumer, LossReason, Message};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::Semaphore;

/// A leader whose handler says when it begins, waits to be let go, and says when it has ended.
fn busy(client: Client, config: LeaderConfig, log: &Log, gate: &Arc<Semaphore>) -> LeaderConsumer {
    let leader = builder(client, config).build().unwrap();
    let (log, gate) = (log.clone(), Arc::clone(gate));
    leader
        .subscribe("t", "*", move |message: Message| {
            let (log, gate) = (log.clone(), Arc::clone(&gate));
            async move {
                log.add("begins");
                gate.acquire().await?.forget();
                log.add(if message.guard.is_held() { "ends under the lease" } else { "ends without" });
                Ok::<(), BoxError>(())
            }
        })
        .unwrap();
    leader.start().unwrap();
    leader
}

#[tokio::test]
async fn cm_10_stop_drains_and_then_releases() {
    everywhere(async |stage| {
        let (log, gate) = (Log::default(), Arc::new(Semaphore::new(0)));
        let leader = busy(stage.client(), quick(), &log, &gate);
        soon("elected", leader.elected()).await;
        publish(&stage, "t", 1).await;
        publish(&stage, "t", 2).await;
        log.reaches(1).await;
        let stopping = leader.stop(LONG);
        tokio::pin!(stopping);
        // Longer than the lease: it is renewed while it drains.
        assert!(tokio::time::timeout(2300 * MS, &mut stopping).await.is_err(), "it did not wait for its handler");
        assert_eq!(stage.ask::<i64>(&["EXISTS", leader.key()]).await, 1, "released before the handler had ended");
        gate.add_permits(10);
        let stopped = soon("stopped", stopping).await;
        assert!(stopped.drained && stopped.released, "{stopped:?}");
        assert_eq!(log.lines(), ["begins", "ends under the lease"]);
        assert_eq!(stage.ask::<i64>(&["EXISTS", leader.key()]).await, 0);
        // The first was acknowledged, the second was never begun.
        assert_eq!(leader.stream_stats().handled, 1);
        // Once more, and nothing happens.
        assert_eq!(leader.stop(LONG).await, stopped);
    })
    .await;
}

#[tokio::test]
async fn cm_10_stop_in_any_state() {
    everywhere(async |stage| {
        let never = builder(stage.client(), quick()).build().unwrap();
        assert!(never.stop(100 * MS).await.drained);
        let leader = started(stage.client(), quick());
        soon("elected", leader.elected()).await;
        // A follower that waits for a minute is not waited for.
        let follower = started(stage.client(), LeaderConfig { lock_timeout: Duration::from_secs(60), ..quick() });
        tokio::time::sleep(50 * MS).await;
        let begun = Instant::now();
        let stopped = follower.stop(5000 * MS).await;
        assert!(stopped.drained && !stopped.released);
        within(begun.elapsed(), Duration::ZERO, 900 * MS);
        assert_eq!(follower.stop(100 * MS).await, stopped);
        // Two at once.
        let (a, b) = tokio::join!(leader.stop(5000 * MS), leader.stop(5000 * MS));
        assert!(a.released && a == b);
        // Right at the start.
        let fresh = started(stage.client(), quick());
        assert!(fresh.stop(5000 * MS).await.drained);
        assert_eq!(stage.ask::<i64>(&["EXISTS", fresh.key()]).await, 0);
    })
    .await;
    // Where nobody answers.
    let lost = started(Client::open("redis://127.0.0.1:1").unwrap(), quick());
    let begun = Instant::now();
    lost.stop(300 * MS).await;
    within(begun.elapsed(), Duration::ZERO, 1500 * MS);
}

#[tokio::test]
async fn cm_10_stop_is_over_in_time_though_a_handler_never_ends() {
    everywhere(async |stage| {
        let (log, gate) = (Log::default(), Arc::new(Semaphore::new(0)));
        let leader = busy(stage.client(), quick(), &log, &gate);
        publish(&stage, "t", 1).await;
        log.reaches(1).await;
        let begun = Instant::now();
        let stopped = leader.stop(400 * MS).await;
        within(begun.elapsed(), 200 * MS, 1500 * MS);
        assert!(!stopped.drained && stopped.released, "{stopped:?}");
        assert_eq!(stage.ask::<i64>(&["EXISTS", leader.key()]).await, 0);
        assert_eq!(log.lines(), ["begins"]);
    })
    .await;
}

/// Looks at a leader and at the server as often as it can: whoever says to lead is who the server says.
async fn never_beyond(stage: &Stage, leader: &LeaderConsumer, other: &LeaderConsumer) {
    let holder = leader.guard().expect("it leads").holder().to_owned();
    until("another one leads", async || {
        let key: Option<String> = stage.ask(&["GET", leader.key()]).await;
        // Asked after the server was: if it was still true then, the server must have said so.
        let says = leader.is_leader();
        assert!(!says || key.as_ref() == Some(&holder), "leads while the server has {key:?}");
        other.is_leader()
    })
    .await;
    assert!(!leader.is_leader());
}

#[tokio::test]
async fn cm_11_is_leader_is_never_true_beyond_the_lease_when_the_network_hangs() {
    over_sockets(async |stage| {
        let proxy = Proxy::before(stage.address()).await;
        let leader = started(Stage::client_at(proxy.address()), quick());
        soon("elected", leader.elected()).await;
        let other = started(stage.client(), quick());
        until("renewed", async || leader.stats().renewals >= 1).await;
        proxy.set(Network::Hung);
        never_beyond(&stage, &leader, &other).await;
        leader.stop(500 * MS).await;
        other.stop(1000 * MS).await;
    })
    .await;
}

/// A lease that is bound to its connection can end on the server's side only: the leader is told nothing.
#[tokio::test]
async fn cm_11_is_leader_is_never_true_beyond_the_grace_of_a_connection_that_is_half_gone() {
    let stage = Stage::brooklet();
    let proxy = Proxy::before(stage.address()).await;
    let config = LeaderConfig {
        disconnect_grace: Some(300 * MS),
        lock_expiry: LONG,
        refresh_interval: LONG / 4,
        renew_deadline: None,
        ..quick()
    };
    let leader = started(Stage::client_at(proxy.address()), config.clone());
    soon("elected", leader.elected()).await;
    let other = started(stage.client(), config);
    until("renewed", async || leader.stats().renewals >= 1).await;
    let begun = Instant::now();
    proxy.set(Network::HalfCut);
    never_beyond(&stage, &leader, &other).await;
    within(begun.elapsed(), 100 * MS, 10_000 * MS);
    leader.stop(500 * MS).await;
    other.stop(1000 * MS).await;
}

#[tokio::test]
async fn cm_13_a_leader_that_crashed_is_replaced_when_its_lease_expires() {
    everywhere(async |stage| {
        let (stage, begun) = crash(stage, lazy(700 * MS)).await;
        let next = started(stage.client(), quick());
        soon("elected", next.elected()).await;
        within(begun.elapsed(), 200 * MS, 5000 * MS);
        next.stop(1000 * MS).await;
    })
    .await;
}

#[tokio::test]
async fn cm_13_a_bound_leader_that_crashed_is_replaced_within_its_grace() {
    with_leases(async |stage| {
        let config = LeaderConfig {
            lock_expiry: LONG * 2,
            refresh_interval: LONG / 2,
            renew_deadline: Some(LONG),
            disconnect_grace: Some(200 * MS),
            ..quick()
        };
        let (stage, begun) = crash(stage, config.clone()).await;
        let next = started(stage.client(), config);
        soon("elected", next.elected()).await;
        within(begun.elapsed(), 150 * MS, 10_000 * MS);
        next.stop(1000 * MS).await;
    })
    .await;
}

#[tokio::test]
async fn cm_14_a_graceful_stop_hands_over_within_a_tenth_of_a_second() {
    everywhere(async |stage| {
        let mut leader = started(stage.client(), quick());
        soon("elected", leader.elected()).await;
        let mut took = Vec::new();
        for _ in 0..9 {
            let next = started(stage.client(), LeaderConfig { lock_timeout: LONG, ..quick() });
            // It waits by now, or soon does: what is measured is long against that.
            tokio::time::sleep(30 * MS).await;
            let begun = Instant::now();
            let (stopped, _) = tokio::join!(leader.stop(LONG), next.elected());
            took.push(begun.elapsed());
            assert!(stopped.released);
            leader = next;
        }
        took.sort();
        assert!(took[4] < 100 * MS, "half of them took longer: {took:?}");
        leader.stop(1000 * MS).await;
    })
    .await;
}

#[tokio::test]
async fn cm_15_an_authoritative_loss_stops_the_consumer_at_once() {
    everywhere(async |stage| {
        let (log, gate) = (Log::default(), Arc::new(Semaphore::new(0)));
        let leader = busy(stage.client(), quick(), &log, &gate);
        let guard = soon("elected", leader.elected()).await;
        publish(&stage, "t", 1).await;
        log.reaches(1).await;
        stage.ask::<()>(&["SET", guard.key(), "somebody else", "PX", "20000"]).await;
        let begun = Instant::now();
        assert_eq!(soon("lost", guard.lost()).await, LossReason::NotMine);
        // At the next renewal, though most of the lease was left.
        within(begun.elapsed(), Duration::ZERO, 1500 * MS);
        assert!(!guard.is_held() && !leader.is_leader());
        gate.add_permits(1);
        until("the term is over", async || leader.stats().not_obtained >= 1).await;
        // The handler was dropped where it stood.
        assert_eq!(log.lines(), ["begins"]);
        assert_eq!(leader.stats().lost, 1);
        leader.stop(1000 * MS).await;
        let holder: String = stage.ask(&["GET", guard.key()]).await;
        assert_eq!(holder, "somebody else", "it released what was not its own");
    })
    .await;
}

#[tokio::test]
async fn cm_15_a_passing_failure_is_retried_until_the_deadline() {
    over_sockets(async |stage| {
        let proxy = Proxy::before(stage.address()).await;
        let config = LeaderConfig { lock_expiry: 3000 * MS, renew_deadline: Some(1500 * MS), ..quick() };
        let (log, gate) = (Log::default(), Arc::new(Semaphore::new(0)));
        let leader = busy(Stage::client_at(proxy.address()), config, &log, &gate);
        let guard = soon("elected", leader.elected()).await;
        // Shorter than the deadline: nothing happens but that it is tried again.
        proxy.set(Network::Hung);
        until("a failed renewal", async || leader.stats().renew_failures >= 1).await;
        assert!(leader.is_leader());
        proxy.set(Network::Up);
        let before = leader.stats().renewals;
        until("renewed again", async || leader.stats().renewals >= before + 2).await;
        proxy.set(Network::Cut);
        until("another failure", async || leader.stats().renew_failures >= 2).await;
        proxy.set(Network::Up);
        let before = leader.stats().renewals;
        until("renewed over a new connection", async || leader.stats().renewals > before).await;
        assert!(leader.is_leader() && guard.loss().is_none());
        // Longer: it stops at the deadline, with some of the lease left for that.
        publish(&stage, "t", 1).await;
        log.reaches(1).await;
        let begun = Instant::now();
        proxy.set(Network::Hung);
        assert_eq!(soon("lost", guard.lost()).await, LossReason::NotRenewed);
        within(begun.elapsed(), 1000 * MS, 2900 * MS);
        assert!(!leader.is_leader());
        gate.add_permits(1);
        assert_eq!(log.reaches(2).await, ["begins", "ends under the lease"]);
        assert_eq!(leader.stats().lost, 1);
        leader.stop(200 * MS).await;
    })
    .await;
}
