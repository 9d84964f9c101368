//! CM-01 to CM-09: configuration, and the interface.

use crate::kit::{Log, MS, builder, crash, lazy, publish, publish_tagged, quick, soon, started, until, within};
use crate::stage::{Stage, everywhere, with_leases};
use brooklet::Broker;
use brooklet_client::leader::{LeaderConfig, LeaderConsumer};
use brooklet_client::{Client, Error, redis};
use std::time::{Duration, Instant};

#[tokio::test]
async fn cm_01_defaults() {
    let config = LeaderConfig::default();
    assert_eq!(config.key("billing"), "mq:consumer:leader:billing");
    assert_eq!(config.lock_expiry, Duration::from_secs(30));
    assert_eq!(config.refresh_interval, Duration::from_secs(10));
    assert_eq!(config.retry_delay, 100 * MS);
    assert_eq!(config.lock_timeout, Duration::from_secs(5));
    assert_eq!(config.renew_deadline(), Duration::from_secs(20));
    everywhere(async |stage| {
        let leader = LeaderConsumer::builder(stage.client(), "billing").build().unwrap();
        leader.start().unwrap();
        soon("elected", leader.elected()).await;
        let key = "mq:consumer:leader:billing";
        within(stage.ask::<i64>(&["PTTL", key]).await, 25_000, 30_000);
        let holder: String = stage.ask(&["GET", key]).await;
        assert!(holder.len() == 32 && holder.bytes().all(|b| b.is_ascii_hexdigit()), "{holder}");
        leader.stop(5000 * MS).await;
    })
    .await;
}

#[tokio::test]
async fn cm_02_key() {
    everywhere(async |stage| {
        for (given, expected) in [(None, "mq:consumer:leader:g"), (Some("any thing:I want"), "any thing:I want")] {
            let config = LeaderConfig { lock_key: given.map(str::to_owned), ..quick() };
            let leader = builder(stage.client(), config).name("me").build().unwrap();
            assert_eq!(leader.key(), expected);
            leader.start().unwrap();
            soon("elected", leader.elected()).await;
            let holder: String = stage.ask(&["GET", expected]).await;
            assert!(holder.len() == 35 && holder.starts_with("me:"), "{holder}");
            within(stage.ask::<i64>(&["PTTL", expected]).await, 1, 2000);
            leader.stop(1000 * MS).await;
            assert_eq!(stage.ask::<i64>(&["EXISTS", expected]).await, 0);
        }
    })
    .await;
}

/// To the millisecond, by the server's clock, which stands still until it is moved.
#[tokio::test]
async fn cm_03_expiry_to_the_tick() {
    let broker = Broker::builder().manual_clock().build().unwrap();
    let stage = Stage::around(broker);
    let leader = started(stage.client(), LeaderConfig::default());
    soon("elected", leader.elected()).await;
    let broker = stage.broker.as_ref().unwrap();
    broker.advance(29_999 * MS);
    assert_eq!(stage.ask::<i64>(&["EXISTS", leader.key()]).await, 1);
    broker.advance(MS);
    assert_eq!(stage.ask::<i64>(&["EXISTS", leader.key()]).await, 0);
}

/// By the clock on the wall: a leader that crashed keeps its lease for the rest of its time.
#[tokio::test]
async fn cm_03_expiry_after_a_crash() {
    everywhere(async |stage| {
        let (stage, begun) = crash(stage, lazy(2000 * MS)).await;
        let key = "mq:consumer:leader:g";
        let left: i64 = stage.ask(&["PTTL", key]).await;
        within(left, 1, 2000);
        until("the key is gone", async || stage.ask::<i64>(&["EXISTS", key]).await == 0).await;
        within(begun.elapsed(), Duration::from_millis(left.unsigned_abs()).saturating_sub(20 * MS), 10_000 * MS);
    })
    .await;
}

#[tokio::test]
async fn cm_04_refresh_interval() {
    everywhere(async |stage| {
        let leader = started(stage.client(), quick());
        let guard = soon("elected", leader.elected()).await;
        let begun = Instant::now();
        until("ten renewals", async || {
            within(stage.ask::<i64>(&["PTTL", guard.key()]).await, 500, 2000);
            leader.stats().renewals >= 10
        })
        .await;
        // Each after 150 ms, a fifth more or less.
        within(begun.elapsed(), 1200 * MS, 6000 * MS);
        assert!(guard.is_held());
        leader.stop(1000 * MS).await;
    })
    .await;
}

#[test]
fn cm_04_wrong_times_are_refused() {
    let client = Client::open("redis://127.0.0.1:1").unwrap();
    let refused = |config| match builder(client.clone(), config).build() {
        Err(Error::Config(why)) => why,
        other => panic!("{other:?}"),
    };
    let why = refused(LeaderConfig { renew_deadline: Some(2000 * MS), ..quick() });
    assert_eq!(why.option, "renew_deadline");
    assert_eq!(
        why.to_string(),
        "renew_deadline: 2s is not shorter than lock_expiry, 2s: the lease would end before the leader stops"
    );
    assert_eq!(refused(LeaderConfig { refresh_interval: 1000 * MS, ..quick() }).option, "refresh_interval");
    // 1.2 times 999 ms is still shorter than 1200 ms.
    assert!(builder(client.clone(), LeaderConfig { refresh_interval: 999 * MS, ..quick() }).build().is_ok());
}

/// How often a verb was called.
async fn calls(stage: &Stage, verb: &str) -> i64 {
    let text: String = stage.ask(&["INFO", "commandstats"]).await;
    let line = text.lines().find(|line| line.starts_with(&format!("cmdstat_{verb}:")));
    line.map_or(0, |line| line.split(['=', ',']).nth(1).unwrap().parse().unwrap())
}

#[tokio::test]
async fn cm_05_standby() {
    everywhere(async |stage| {
        let config = LeaderConfig { retry_delay: 50 * MS, lock_timeout: 10_000 * MS, ..quick() };
        stage.ask::<()>(&["SET", "mq:consumer:leader:g", "somebody"]).await;
        let standby = started(stage.client(), config);
        let verb = if stage.has_leases { "lease.acquire" } else { "set" };
        let before = calls(&stage, verb).await;
        tokio::time::sleep(1000 * MS).await;
        let asked = calls(&stage, verb).await - before;
        if stage.has_leases {
            assert!(asked <= 1, "a standby that waits in the server asked {asked} times");
        } else {
            // Every 50 ms.
            within(asked, 3, 21);
        }
        standby.stop(1000 * MS).await;
    })
    .await;
}

#[tokio::test]
async fn cm_06_lock_timeout() {
    everywhere(async |stage| {
        stage.ask::<()>(&["SET", "mq:consumer:leader:g", "somebody"]).await;
        let begun = Instant::now();
        let standby = started(stage.client(), quick());
        until("three tries", async || standby.stats().not_obtained >= 3).await;
        within(begun.elapsed(), 800 * MS, 5000 * MS);
        assert!(!standby.is_leader());
        stage.ask::<()>(&["DEL", "mq:consumer:leader:g"]).await;
        soon("elected, as the loop goes on", standby.elected()).await;
        standby.stop(1000 * MS).await;
    })
    .await;
}

#[tokio::test]
async fn cm_07_new_with_defaults_only() {
    with_leases(async |stage| {
        // No configuration, and nobody listens to spans.
        let leader = LeaderConsumer::builder(stage.client(), "g").build().unwrap();
        leader.start().unwrap();
        assert!(soon("elected", leader.elected()).await.is_held());
        leader.stop(1000 * MS).await;
    })
    .await;
    let client = Client::open("redis://127.0.0.1:1").unwrap();
    assert!(matches!(LeaderConsumer::builder(client, "").build(), Err(Error::Config(why)) if why.option == "group"));
}

#[tokio::test]
async fn cm_08_subscribe_before_and_after_the_start() {
    everywhere(async |stage| {
        let (all, some, late) = (Log::default(), Log::default(), Log::default());
        let leader = builder(stage.client(), quick()).build().unwrap();
        leader.subscribe("one", "*", all.noting()).unwrap();
        leader.subscribe("two", "red || blue", some.noting()).unwrap();
        leader.start().unwrap();
        soon("elected", leader.elected()).await;
        for (n, tag) in ["red", "green", "blue"].iter().enumerate() {
            publish_tagged(&stage, "one", n, tag).await;
            publish_tagged(&stage, "two", n, tag).await;
        }
        assert_eq!(all.reaches(3).await, ["0", "1", "2"]);
        assert_eq!(some.reaches(2).await, ["0", "2"]);
        // While it leads.
        leader.subscribe("three", "*", late.noting()).unwrap();
        publish(&stage, "three", 7).await;
        assert_eq!(late.reaches(1).await, ["7"]);
        // The last word about a topic counts.
        leader.subscribe("one", "green", late.noting()).unwrap();
        publish_tagged(&stage, "one", 8, "red").await;
        publish_tagged(&stage, "one", 9, "green").await;
        assert_eq!(late.reaches(2).await, ["7", "9"]);
        assert_eq!(all.len(), 3);
        assert!(matches!(leader.subscribe("", "*", all.noting()), Err(Error::Config(_))));
        assert!(matches!(leader.subscribe("t", "a||", all.noting()), Err(Error::Config(_))));
        leader.stop(1000 * MS).await;
        // Nothing was left unacknowledged, wanted or not.
        let pending: (i64, redis::Value, redis::Value, redis::Value) = stage.ask(&["XPENDING", "two", "g"]).await;
        assert_eq!(pending.0, 0);
    })
    .await;
}

#[tokio::test]
async fn cm_09_start_returns_at_once_and_only_once() {
    // Nobody is there: it is not waited for.
    let client = Client::open("redis://127.0.0.1:1").unwrap();
    let leader = builder(client, quick()).build().unwrap();
    let begun = Instant::now();
    leader.start().unwrap();
    assert!(matches!(leader.start(), Err(Error::Running)));
    within(begun.elapsed(), Duration::ZERO, 500 * MS);
    assert!(!leader.is_leader());
    leader.stop(200 * MS).await;
    everywhere(async |stage| {
        let leader = started(stage.client(), quick());
        soon("elected", leader.elected()).await;
        assert!(matches!(leader.start(), Err(Error::Running)));
        leader.stop(1000 * MS).await;
        leader.start().unwrap();
        soon("elected again", leader.elected()).await;
        leader.stop(1000 * MS).await;
    })
    .await;
}
