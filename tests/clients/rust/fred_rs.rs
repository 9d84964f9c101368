//! fred as its users write it: one client for many tasks, which pipelines and reconnects by itself.

use clients::{Broker, PATIENCE};
use fred::clients::SubscriberClient;
use fred::interfaces::TrackingInterface;
use fred::prelude::*;
use fred::types::scripts::{Library, Script};
use fred::types::streams::XReadResponse;
use fred::types::{Expiration, InfoKind, RespVersion, SetOptions};
use std::collections::HashMap;
use std::future::Future;
use std::time::Duration;
use tokio::time::{sleep, timeout};

struct Shop {
    broker: Broker,
    version: RespVersion,
}

type Entries = Vec<(String, HashMap<String, String>)>;
type Streams = XReadResponse<String, String, String, String>;

impl Shop {
    fn builder(&self, database: u8) -> Builder {
        let mut config = Config::from_url(&self.broker.url(database)).unwrap();
        config.version = self.version.clone();
        let mut builder = Builder::from_config(config);
        builder.set_policy(ReconnectPolicy::new_constant(0, 20));
        builder
    }

    async fn connect(&self) -> Client {
        let client = self.builder(0).build().unwrap();
        client.init().await.unwrap();
        client
    }

    async fn subscriber(&self) -> SubscriberClient {
        let subscriber = self.builder(0).build_subscriber_client().unwrap();
        subscriber.init().await.unwrap();
        subscriber.manage_subscriptions();
        subscriber
    }
}

fn run<F: Future<Output = ()>>(protocol: u8, scenario: fn(Shop) -> F) {
    let version = if protocol == 3 { RespVersion::RESP3 } else { RespVersion::RESP2 };
    let shop = Shop { broker: Broker::start(), version };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async { timeout(PATIENCE, scenario(shop)).await.expect("it ends") });
}

in_both_protocols!(super::run:
    connects, a_group_delivers_each_entry_once, an_abandoned_entry_is_claimed, a_blocked_read_wakes, trims_and_ranges,
    pipelines, transactions, channels_also_after_a_restart, scripts_and_functions, locks_with_set_nx,
    lists_hashes_sorted_sets, goes_on_after_the_broker_was_killed, tells_of_changes_to_what_was_read,
);

async fn until<F: Future<Output = bool>>(mut holds: impl FnMut() -> F) {
    while !holds().await {
        sleep(Duration::from_millis(5)).await;
    }
}

async fn connects(shop: Shop) {
    let client = shop.builder(3).build().unwrap();
    client.init().await.unwrap();
    client.client_setname("orders").await.unwrap();
    let me: String = client.client_info().await.unwrap();
    let resp = if shop.version == RespVersion::RESP3 { 3 } else { 2 };
    assert!(me.contains(" name=orders ") && me.contains(" db=3 ") && me.contains(&format!(" resp={resp} ")), "{me}");
    client.set::<(), _, _>("k", "in three", None, None, false).await.unwrap();
    assert_eq!(shop.connect().await.get::<Option<String>, _>("k").await.unwrap(), None);
    client.quit().await.unwrap();
}

async fn add(client: &Client, n: usize) -> String {
    client.xadd("orders", false, None, "*", [("n", n.to_string())].to_vec()).await.unwrap()
}

/// What a consumer gets: ids.
async fn read(client: &Client, consumer: &str, from: &str, count: u64) -> Vec<String> {
    let got: Streams =
        client.xreadgroup_map("billing", consumer, Some(count), None, false, "orders", from).await.unwrap_or_default();
    got.into_values().flatten().map(|(id, _)| id).collect()
}

async fn a_group_delivers_each_entry_once(shop: Shop) {
    let client = shop.connect().await;
    client.xgroup_create::<(), _, _, _>("orders", "billing", "0", true).await.unwrap();
    let again = client.xgroup_create::<(), _, _, _>("orders", "billing", "0", true).await.unwrap_err();
    assert_eq!(again.details(), "BUSYGROUP Consumer Group name already exists");
    let mut made = Vec::new();
    for n in 0..10 {
        made.push(add(&client, n).await);
    }
    let first: Streams = client.xreadgroup_map("billing", "alice", Some(1), None, false, "orders", ">").await.unwrap();
    let fields = HashMap::from([("n".to_owned(), "0".to_owned())]);
    assert_eq!(first["orders"], [(made[0].clone(), fields)]);
    assert_eq!(read(&client, "alice", ">", 3).await, made[1..4]);
    assert_eq!(read(&client, "bob", ">", 100).await, made[4..]);
    assert!(read(&client, "bob", ">", 100).await.is_empty());
    assert_eq!(client.xack::<usize, _, _, _>("orders", "billing", made[..3].to_vec()).await.unwrap(), 3);
    assert_eq!(read(&client, "alice", "0", 10).await, made[3..4]);
    let groups: Vec<HashMap<String, Value>> = client.xinfo_groups("orders").await.unwrap();
    assert_eq!((groups[0]["pending"].as_u64(), groups[0]["lag"].as_u64()), (Some(7), Some(0)));
}

async fn an_abandoned_entry_is_claimed(shop: Shop) {
    let client = shop.connect().await;
    client.xgroup_create::<(), _, _, _>("orders", "billing", "0", true).await.unwrap();
    let made = [add(&client, 0).await, add(&client, 1).await, add(&client, 2).await];
    assert_eq!(read(&client, "crashed", ">", 10).await, made);
    sleep(Duration::from_millis(20)).await;
    let one: Entries = client
        .xclaim_values("orders", "billing", "heir", 10, made[0].clone(), None, None, None, false, false)
        .await
        .unwrap();
    assert_eq!(one[0].0, made[0]);
    let (cursor, two): (String, Entries) =
        client.xautoclaim_values("orders", "billing", "heir", 10, made[1].clone(), Some(10), false).await.unwrap();
    assert_eq!((cursor.as_str(), two.into_iter().map(|(id, _)| id).collect::<Vec<_>>()), ("0-0", made[1..].to_vec()));
    let pending: Vec<(String, String, u64, u64)> = client.xpending("orders", "billing", ("-", "+", 10)).await.unwrap();
    assert!(pending.len() == 3 && pending.iter().all(|(_, who, _, tries)| who == "heir" && *tries == 2), "{pending:?}");
}

async fn a_blocked_read_wakes(shop: Shop) {
    let (client, reader) = (shop.connect().await, shop.connect().await);
    client.xgroup_create::<(), _, _, _>("orders", "billing", "$", true).await.unwrap();
    let blocked =
        || async { client.info::<String>(Some(InfoKind::Clients)).await.unwrap().contains("blocked_clients:1\r") };
    let waiting = tokio::spawn(async move {
        let got: Streams =
            reader.xreadgroup_map("billing", "alice", None, Some(10_000), false, "orders", ">").await.unwrap();
        let id = got["orders"][0].0.clone();
        let left: Option<(String, String)> = reader.blpop("queue", 10.0).await.unwrap();
        // It makes an error of the answer that says that nothing came in time.
        let nothing = reader.blpop::<(String, String), _>("none", 0.05).await.unwrap_err();
        (id, left, nothing.details().to_owned())
    });
    until(blocked).await;
    let id = add(&client, 1).await;
    until(|| async { client.xlen::<usize, _>("orders").await.unwrap() == 1 && blocked().await }).await;
    client.rpush::<(), _, _>("queue", "a").await.unwrap();
    assert_eq!(
        waiting.await.unwrap(),
        (id, Some(("queue".to_owned(), "a".to_owned())), "Request timed out.".to_owned())
    );
}

async fn trims_and_ranges(shop: Shop) {
    let client = shop.connect().await;
    for n in 1..=100 {
        let id = format!("{n}-0");
        client.xadd::<(), _, _, _, _>("s", false, ("MAXLEN", "=", 50), id, ("n", n)).await.unwrap();
    }
    assert_eq!(client.xlen::<usize, _>("s").await.unwrap(), 50);
    let first: Vec<(String, HashMap<String, u64>)> = client.xrange_values("s", "-", "+", Some(1)).await.unwrap();
    assert_eq!(first, [("51-0".to_owned(), HashMap::from([("n".to_owned(), 51)]))]);
    assert_eq!(client.xtrim::<usize, _, _>("s", ("MINID", "=", "91-0")).await.unwrap(), 40);
    let last: Vec<(String, HashMap<String, u64>)> = client.xrevrange_values("s", "+", "-", Some(1)).await.unwrap();
    assert_eq!(last[0].0, "100-0");
}

async fn pipelines(shop: Shop) {
    let client = shop.connect().await;
    let pipeline = client.pipeline();
    for n in 0..1000 {
        let _: () = pipeline.xadd("s", false, None, "*", ("n", n)).await.unwrap();
    }
    let ids: Vec<String> = pipeline.all().await.unwrap();
    assert_eq!(ids.into_iter().collect::<std::collections::BTreeSet<_>>().len(), 1000);
    client.set::<(), _, _>("text", "word", None, None, false).await.unwrap();
    let pipeline = client.pipeline();
    for key in ["n", "text", "n"] {
        let _: () = pipeline.incr(key).await.unwrap();
    }
    let said: Vec<Result<i64, String>> =
        pipeline.try_all::<i64>().await.into_iter().map(|r| r.map_err(|e| e.details().to_owned())).collect();
    assert_eq!(said, [Ok(1), Err("ERR value is not an integer or out of range".to_owned()), Ok(2)]);
    // Many tasks on one connection are a pipeline as well.
    let tasks: Vec<_> = (0..200).map(|_| tokio::spawn(incremented(client.clone()))).collect();
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(client.get::<u64, _>("auto").await.unwrap(), 200);
}

async fn incremented(client: Client) {
    client.incr::<(), _>("auto").await.unwrap();
}

async fn transactions(shop: Shop) {
    let client = shop.connect().await;
    let transaction = client.multi();
    let _: () = transaction.set("k", "v", None, None, false).await.unwrap();
    let _: () = transaction.get("k").await.unwrap();
    let _: () = transaction.incr("n").await.unwrap();
    let (ok, value, n): (String, String, i64) = transaction.exec(true).await.unwrap();
    assert_eq!((ok.as_str(), value.as_str(), n), ("OK", "v", 1));
    client.watch("n").await.unwrap();
    shop.connect().await.incr::<(), _>("n").await.unwrap();
    let transaction = client.multi();
    let _: () = transaction.incr("n").await.unwrap();
    assert_eq!(transaction.exec::<Value>(true).await.unwrap(), Value::Null);
    assert_eq!(client.get::<i64, _>("n").await.unwrap(), 2);
}

async fn channels_also_after_a_restart(mut shop: Shop) {
    let (client, subscriber) = (shop.connect().await, shop.subscriber().await);
    let mut messages = subscriber.message_rx();
    subscriber.subscribe("news").await.unwrap();
    subscriber.psubscribe("log.*").await.unwrap();
    subscriber.ssubscribe("part").await.unwrap();
    assert_eq!(client.publish::<usize, _, _>("news", "hello").await.unwrap(), 1);
    assert_eq!(client.publish::<usize, _, _>("log.error", "bad").await.unwrap(), 1);
    assert_eq!(client.spublish::<usize, _, _>("part", "shared").await.unwrap(), 1);
    let mut got = Vec::new();
    for _ in 0..3 {
        let message = messages.recv().await.unwrap();
        got.push((message.channel.to_string(), message.value.as_string().unwrap()));
    }
    let pair = |a: &str, b: &str| (a.to_owned(), b.to_owned());
    assert_eq!(got, [pair("news", "hello"), pair("log.error", "bad"), pair("part", "shared")]);
    tokio::task::block_in_place(|| shop.broker.restart());
    until(|| async { client.publish::<usize, _, _>("log.again", "back").await.unwrap_or(0) == 1 }).await;
    assert_eq!(messages.recv().await.unwrap().value.as_string().unwrap(), "back");
}

async fn scripts_and_functions(shop: Shop) {
    let client = shop.connect().await;
    let take = Script::from_lua(
        "local left = tonumber(redis.call('GET', KEYS[1]) or '0')
         if left < tonumber(ARGV[1]) then return redis.error_reply('NOSTOCK only ' .. left .. ' left') end
         return redis.call('DECRBY', KEYS[1], ARGV[1])",
    );
    client.set::<(), _, _>("stock", 5, None, None, false).await.unwrap();
    take.load(&client).await.unwrap();
    assert_eq!(take.evalsha::<i64, _, _, _>(&client, "stock", 3).await.unwrap(), 2);
    client.script_flush(false).await.unwrap();
    let gone = take.evalsha::<i64, _, _, _>(&client, "stock", 1).await.unwrap_err();
    assert!(gone.details().starts_with("NOSCRIPT "), "{gone}");
    assert_eq!(take.evalsha_with_reload::<i64, _, _>(&client, "stock", 1).await.unwrap(), 1);
    let refused = take.evalsha::<i64, _, _, _>(&client, "stock", 2).await.unwrap_err();
    assert_eq!(refused.details(), "NOSTOCK only 1 left");
    let code = "#!lua name=counters\nredis.register_function('bump', function(keys, args) return redis.call('INCRBY', keys[1], args[1]) end)";
    let library = Library::from_code(&client, code).await.unwrap();
    let bump = &library.functions()["bump"];
    assert_eq!(bump.fcall::<i64, _, _, _>(&client, vec!["n"], vec![7]).await.unwrap(), 7);
}

async fn locks_with_set_nx(shop: Shop) {
    let client = shop.connect().await;
    let lock = |who: &'static str, life| {
        let client = &client;
        async move {
            let set: Option<String> =
                client.set("lock", who, Some(Expiration::PX(life)), Some(SetOptions::NX), false).await.unwrap();
            set.is_some()
        }
    };
    assert!(lock("me", 60_000).await);
    assert!(!lock("you", 60_000).await);
    let release = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0";
    assert_eq!(client.eval::<i64, _, _, _>(release, "lock", "you").await.unwrap(), 0);
    assert!(client.pexpire::<bool, _>("lock", 50, None).await.unwrap());
    until(|| lock("you", 60_000)).await;
    assert_eq!(client.eval::<i64, _, _, _>(release, "lock", "you").await.unwrap(), 1);
}

async fn lists_hashes_sorted_sets(shop: Shop) {
    let client = shop.connect().await;
    client.rpush::<(), _, _>("queue", vec!["a", "b"]).await.unwrap();
    assert_eq!(client.blpop::<(String, String), _>("queue", 1.0).await.unwrap(), ("queue".to_owned(), "a".to_owned()));
    client.hset::<(), _, _>("job", [("state", "new"), ("tries", "1")].to_vec()).await.unwrap();
    let job: HashMap<String, String> = client.hgetall("job").await.unwrap();
    assert_eq!((job["state"].as_str(), job["tries"].as_str()), ("new", "1"));
    client.zadd::<(), _, _>("delayed", None, None, false, false, vec![(100.5, "later"), (1.0, "now")]).await.unwrap();
    let due: Vec<(String, f64)> = client.zrangebyscore("delayed", 0.0, 200.0, true, None).await.unwrap();
    assert_eq!(due, [("now".to_owned(), 1.0), ("later".to_owned(), 100.5)]);
    let (_, first, score): (String, String, f64) = client.bzpopmin("delayed", 1.0).await.unwrap();
    assert_eq!((first.as_str(), score), ("now", 1.0));
}

async fn goes_on_after_the_broker_was_killed(mut shop: Shop) {
    let client = shop.connect().await;
    let id = add(&client, 1).await;
    tokio::task::block_in_place(|| shop.broker.restart());
    // A call that was on its way may fail; the client connects again by itself.
    until(|| async { client.ping::<String>(None).await.is_ok() }).await;
    let kept: Vec<(String, HashMap<String, u64>)> = client.xrange_values("orders", "-", "+", None).await.unwrap();
    assert_eq!(kept, [(id, HashMap::from([("n".to_owned(), 1)]))]);
}

async fn tells_of_changes_to_what_was_read(shop: Shop) {
    let (client, writer) = (shop.connect().await, shop.connect().await);
    writer.set::<(), _, _>("k", "old", None, None, false).await.unwrap();
    let listener = if shop.version == RespVersion::RESP3 { client.clone() } else { shop.connect().await };
    let mut changes = listener.invalidation_rx();
    if shop.version == RespVersion::RESP3 {
        client.start_tracking(None, false, false, false, false).await.unwrap();
    } else {
        // In RESP2 another connection is told, on a channel.
        listener.subscribe("__redis__:invalidate").await.unwrap();
        // It may say that it has subscribed before it has.
        until(|| async {
            writer.pubsub_numsub::<Vec<(String, u64)>, _>("__redis__:invalidate").await.unwrap()[0].1 == 1
        })
        .await;
        let (_, id) = listener.connection_ids().into_iter().next().unwrap();
        client.client_tracking::<(), _, _>("on", Some(id), None, false, false, false, false).await.unwrap();
    }
    assert_eq!(client.get::<String, _>("k").await.unwrap(), "old");
    writer.set::<(), _, _>("other", "unread", None, None, false).await.unwrap();
    writer.set::<(), _, _>("k", "new", None, None, false).await.unwrap();
    let told = changes.recv().await.unwrap();
    assert_eq!(told.keys.iter().map(|key| key.as_str_lossy().into_owned()).collect::<Vec<_>>(), ["k"]);
}
