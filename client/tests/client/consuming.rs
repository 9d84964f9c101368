//! CM-12, CM-16 to CM-18: who is given messages.

use crate::kit::{Log, MS, builder, publish, quick, soon, started, until};
use crate::stage::everywhere;
use brooklet_client::leader::{BoxError, BoxFuture, Consumer, LeaderConsumer, LeaderGuard, Running, Subscriptions};
use brooklet_client::leader::{Message, StreamOptions};
use brooklet_client::redis;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

#[tokio::test]
async fn cm_12_one_leader_at_a_time_and_only_it_is_given_messages() {
    everywhere(async |stage| {
        let (log, inside) = (Log::default(), Arc::new(AtomicUsize::new(0)));
        let mut all: Vec<LeaderConsumer> = Vec::new();
        for name in ["a", "b", "c", "d", "e"] {
            let leader = builder(stage.client(), quick()).name(name).build().unwrap();
            let (log, inside) = (log.clone(), Arc::clone(&inside));
            leader
                .subscribe("t", "*", move |message: Message| {
                    let (log, inside) = (log.clone(), Arc::clone(&inside));
                    async move {
                        assert_eq!(inside.fetch_add(1, SeqCst), 0, "two handlers at once");
                        tokio::time::sleep(MS).await;
                        inside.fetch_sub(1, SeqCst);
                        assert!(message.guard.is_held());
                        log.add(message.text("n").unwrap_or_default());
                        Ok::<(), BoxError>(())
                    }
                })
                .unwrap();
            leader.start().unwrap();
            all.push(leader);
        }
        for round in 0..4 {
            until("somebody leads", async || all.iter().any(LeaderConsumer::is_leader)).await;
            for n in 0..5 {
                publish(&stage, "t", round * 5 + n).await;
                assert!(all.iter().filter(|one| one.is_leader()).count() <= 1);
            }
            log.reaches((round + 1) * 5).await;
            let at = all.iter().position(LeaderConsumer::is_leader).unwrap();
            let gone = all.swap_remove(at);
            assert!(gone.stop(2000 * MS).await.released);
        }
        let expected: Vec<String> = (0..20).map(|n| n.to_string()).collect();
        assert_eq!(log.lines(), expected, "each once, in order");
        for one in all {
            one.stop(1000 * MS).await;
        }
    })
    .await;
}

#[tokio::test]
async fn cm_16_subscriptions_run_again_after_a_loss_and_only_once() {
    everywhere(async |stage| {
        let log = Log::default();
        let leader = builder(stage.client(), quick()).build().unwrap();
        leader.subscribe("t", "*", log.noting()).unwrap();
        leader.subscribe("u", "*", log.noting()).unwrap();
        leader.start().unwrap();
        for term in 1..=3 {
            let guard = soon("elected", leader.elected()).await;
            publish(&stage, "t", term).await;
            log.reaches(term * 2 - 1).await;
            publish(&stage, "u", term * 10).await;
            log.reaches(term * 2).await;
            stage.ask::<()>(&["SET", guard.key(), "somebody else", "PX", "200"]).await;
            soon("lost", guard.lost()).await;
        }
        soon("elected at last", leader.elected()).await;
        publish(&stage, "t", 99).await;
        assert_eq!(log.reaches(7).await, ["1", "10", "2", "20", "3", "30", "99"]);
        leader.stop(1000 * MS).await;
        assert_eq!((leader.stats().won, leader.stats().lost, leader.stats().released), (4, 3, 1));
        assert_eq!(log.len(), 7);
    })
    .await;
}

#[tokio::test]
async fn cm_17_followers_are_no_consumers_and_hold_nothing() {
    everywhere(async |stage| {
        let log = Log::default();
        let leader = builder(stage.client(), quick()).build().unwrap();
        leader.subscribe("t", "*", log.noting()).unwrap();
        leader.start().unwrap();
        soon("elected", leader.elected()).await;
        let mut followers = Vec::new();
        for _ in 0..3 {
            let follower = builder(stage.client(), quick()).build().unwrap();
            follower.subscribe("t", "*", log.noting()).unwrap();
            follower.start().unwrap();
            followers.push(follower);
        }
        for n in 0..10 {
            publish(&stage, "t", n).await;
        }
        log.reaches(10).await;
        let consumers: Vec<redis::Value> = stage.ask(&["XINFO", "CONSUMERS", "t", "g"]).await;
        assert_eq!(consumers.len(), 1, "{consumers:?}");
        until("nothing is pending", async || {
            let pending: (i64, redis::Value, redis::Value, redis::Value) = stage.ask(&["XPENDING", "t", "g"]).await;
            pending.0 == 0
        })
        .await;
        for one in followers.iter().chain([&leader]) {
            one.stop(1000 * MS).await;
        }
    })
    .await;
}

/// What a leader was given and did not acknowledge, the next one handles first; and what its handler failed at comes again.
#[tokio::test]
async fn cm_17_what_a_leader_left_is_handled_by_the_next() {
    everywhere(async |stage| {
        let (first, second) = (Log::default(), Log::default());
        let options = StreamOptions { retry_after: 100 * MS, ..StreamOptions::default() };
        let leader = builder(stage.client(), quick()).streams(options.clone()).build().unwrap();
        let log = first.clone();
        leader
            .subscribe("t", "*", move |message: Message| {
                log.add(message.text("n").unwrap_or_default());
                async move {
                    match message.text("n") {
                        Some("1") => Err(BoxError::from("not now")),
                        Some("2") => panic!("not at all"),
                        _ => Ok(()),
                    }
                }
            })
            .unwrap();
        leader.start().unwrap();
        for n in 1..=3 {
            publish(&stage, "t", n).await;
        }
        // Both failures come again, in order, and the third does not.
        assert_eq!(first.reaches(5).await[..5], ["1", "2", "3", "1", "2"]);
        leader.stop(1000 * MS).await;
        assert_eq!(leader.stream_stats().handled, 1);
        let next = builder(stage.client(), quick()).streams(options).build().unwrap();
        next.subscribe("t", "*", second.noting()).unwrap();
        next.start().unwrap();
        assert_eq!(second.reaches(2).await, ["1", "2"]);
        next.stop(1000 * MS).await;
    })
    .await;
}

/// A consumer that does not start the first times.
struct Reluctant {
    failures: AtomicUsize,
    log: Log,
}

impl Consumer for Reluctant {
    fn start(&self, guard: LeaderGuard, _: Subscriptions) -> BoxFuture<'_, Result<Running, BoxError>> {
        Box::pin(async move {
            if self.failures.fetch_add(1, SeqCst) < 2 {
                self.log.add("fails");
                return Err("no".into());
            }
            self.log.add(if guard.is_held() { "starts" } else { "starts without a lease" });
            let log = self.log.clone();
            Ok(Running::spawn(|mut ending| async move {
                ending.begins().await;
                log.add("ends");
                Ok(())
            }))
        })
    }
}

#[tokio::test]
async fn cm_18_a_consumer_that_does_not_start_gives_the_lease_back() {
    everywhere(async |stage| {
        let log = Log::default();
        let reluctant = Reluctant { failures: AtomicUsize::new(0), log: log.clone() };
        let leader = builder(stage.client(), quick()).consumer(reluctant).build().unwrap();
        leader.start().unwrap();
        until("it was given back", async || leader.stats().released >= 1).await;
        // Before it tries again another one can have it.
        let other = started(stage.client(), quick());
        soon("the other is elected", other.elected()).await;
        other.stop(1000 * MS).await;
        assert_eq!(log.reaches(3).await, ["fails", "fails", "starts"]);
        assert!(leader.is_leader());
        assert!(leader.stop(Duration::from_secs(2)).await.drained);
        assert_eq!(log.lines().last().map(String::as_str), Some("ends"));
    })
    .await;
}
