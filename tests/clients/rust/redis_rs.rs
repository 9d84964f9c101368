//! Streams, groups, locks, transactions, scripts and channels as a user of redis-rs writes them, with one connection that
//! blocks. Its asynchronous connections are in `redis_rs_async.rs`.

use clients::{Broker, eventually};
use redis::streams::{
    StreamAutoClaimOptions, StreamAutoClaimReply, StreamInfoGroupsReply, StreamMaxlen, StreamPendingReply,
    StreamRangeReply, StreamReadOptions, StreamReadReply,
};
use redis::{Commands, Connection, ExistenceCheck, RedisResult, Script, SetExpiry, SetOptions, TypedCommands};
use std::thread;
use std::time::Duration;

struct Shop {
    broker: Broker,
    protocol: u8,
}

impl Shop {
    fn connect(&self) -> Connection {
        let url = format!("{}?protocol=resp{}", self.broker.url(0), self.protocol);
        redis::Client::open(url).unwrap().get_connection().unwrap()
    }
}

fn run(protocol: u8, scenario: fn(&mut Shop, &mut Connection)) {
    let mut shop = Shop { broker: Broker::start(), protocol };
    let mut connection = shop.connect();
    scenario(&mut shop, &mut connection);
}

in_both_protocols!(super::run:
    connects, a_group_delivers_each_entry_once, an_abandoned_entry_is_claimed, a_blocked_read_wakes, a_lock_is_held_by_one,
    a_stream_is_trimmed, pipelines, transactions_see_who_came_between, scripts, channels, lists_hashes_sorted_sets,
);

fn connects(shop: &mut Shop, c: &mut Connection) {
    assert_eq!(TypedCommands::ping(c).unwrap(), "PONG");
    let me: String = redis::cmd("CLIENT").arg("INFO").query(c).unwrap();
    assert!(me.contains(&format!(" resp={} ", shop.protocol)) && me.contains(" lib-name=redis-rs"), "{me}");
    let mut third = redis::Client::open(shop.broker.url(3)).unwrap().get_connection().unwrap();
    TypedCommands::set(&mut third, "k", "in three").unwrap();
    assert!(!TypedCommands::exists(c, "k").unwrap());
}

fn a_group_delivers_each_entry_once(_: &mut Shop, c: &mut Connection) {
    let () = Commands::xgroup_create_mkstream(c, "s", "g", "0").unwrap();
    let again: RedisResult<()> = Commands::xgroup_create(c, "s", "g", "0");
    assert_eq!(again.unwrap_err().code(), Some("BUSYGROUP"));
    let made: Vec<String> = (0..10).map(|i| Commands::xadd(c, "s", "*", &[("i", i)]).unwrap()).collect();
    let mut read = |consumer: &str, from: &str, count| -> Vec<String> {
        let options = StreamReadOptions::default().group("g", consumer).count(count);
        let reply: StreamReadReply = Commands::xread_options(c, &["s"], &[from], &options).unwrap();
        reply.keys.iter().flat_map(|key| key.ids.iter().map(|e| e.id.clone())).collect()
    };
    assert_eq!(read("a", ">", 4), made[..4]);
    assert_eq!(read("b", ">", 100), made[4..]);
    assert!(read("b", ">", 100).is_empty());
    assert_eq!(read("a", "0", 100), made[..4]);
    assert_eq!(Commands::xack::<_, _, _, usize>(c, "s", "g", &made[..3]).unwrap(), 3);
    let groups: StreamInfoGroupsReply = Commands::xinfo_groups(c, "s").unwrap();
    assert_eq!((groups.groups[0].pending, groups.groups[0].lag), (7, Some(0)));
    let pending: StreamPendingReply = Commands::xpending(c, "s", "g").unwrap();
    assert_eq!(pending.count(), 7);
}

fn an_abandoned_entry_is_claimed(_: &mut Shop, c: &mut Connection) {
    let () = Commands::xgroup_create_mkstream(c, "s", "g", "0").unwrap();
    let id: String = Commands::xadd(c, "s", "*", &[("f", "v")]).unwrap();
    let options = StreamReadOptions::default().group("g", "crashed");
    let _: StreamReadReply = Commands::xread_options(c, &["s"], &[">"], &options).unwrap();
    let mut claim = |idle: usize| -> Vec<String> {
        let options = StreamAutoClaimOptions::default().count(10);
        let reply: StreamAutoClaimReply =
            Commands::xautoclaim_options(c, "s", "g", "healthy", idle, "0", options).unwrap();
        reply.claimed.iter().map(|e| e.id.clone()).collect()
    };
    assert!(claim(3_600_000).is_empty());
    thread::sleep(Duration::from_millis(10));
    assert_eq!(claim(5), [id]);
}

fn a_blocked_read_wakes(shop: &mut Shop, c: &mut Connection) {
    let mut reader = shop.connect();
    let read = thread::spawn(move || {
        let options = StreamReadOptions::default().block(10_000);
        Commands::xread_options::<_, _, StreamReadReply>(&mut reader, &["s"], &["$"], &options).unwrap()
    });
    eventually("the reader to wait", || {
        let info: redis::InfoDict = redis::cmd("INFO").arg("clients").query(c).unwrap();
        (info.get::<usize>("blocked_clients") == Some(1)).then_some(())
    });
    let id: String = Commands::xadd(c, "s", "*", &[("f", "v")]).unwrap();
    assert_eq!(read.join().unwrap().keys[0].ids[0].id, id);
    let options = StreamReadOptions::default().block(50);
    let nothing: StreamReadReply = Commands::xread_options(c, &["s"], &["$"], &options).unwrap();
    assert!(nothing.keys.is_empty());
}

fn a_lock_is_held_by_one(_: &mut Shop, c: &mut Connection) {
    let lock = || SetOptions::default().conditional_set(ExistenceCheck::NX).with_expiration(SetExpiry::PX(60_000));
    assert!(Commands::set_options::<_, _, bool>(c, "lock", "me", lock()).unwrap());
    assert!(!Commands::set_options::<_, _, bool>(c, "lock", "you", lock()).unwrap());
    assert!(TypedCommands::pexpire(c, "lock", 50).unwrap());
    eventually("the expiry", || Commands::set_options::<_, _, bool>(c, "lock", "you", lock()).unwrap().then_some(()));
    assert_eq!(TypedCommands::get(c, "lock").unwrap().as_deref(), Some("you"));
}

fn a_stream_is_trimmed(_: &mut Shop, c: &mut Connection) {
    for i in 1..=100 {
        let id = format!("{i}-0");
        let _: String = Commands::xadd_maxlen(c, "s", StreamMaxlen::Equals(50), id, &[("i", i)]).unwrap();
    }
    assert_eq!(Commands::xlen::<_, usize>(c, "s").unwrap(), 50);
    let range: StreamRangeReply = Commands::xrange_count(c, "s", "-", "+", 1).unwrap();
    assert_eq!(range.ids[0].id, "51-0");
}

fn pipelines(_: &mut Shop, c: &mut Connection) {
    let mut pipe = redis::pipe();
    for i in 0..1000 {
        pipe.xadd("s", "*", &[("i", i)]);
    }
    let ids: std::collections::BTreeSet<String> = pipe.query(c).unwrap();
    assert_eq!(ids.len(), 1000);
    let (n, text): (i64, String) =
        redis::pipe().atomic().incr("n", 5).set("k", "v").ignore().get("k").query(c).unwrap();
    assert_eq!((n, text.as_str()), (5, "v"));
    // A mistake does not keep what stands behind it from happening.
    let failed: RedisResult<()> = redis::pipe().atomic().incr("k", 1).incr("n", 1).query(c);
    assert!(failed.unwrap_err().to_string().contains("value is not an integer or out of range"));
    assert_eq!(TypedCommands::get_int(c, "n").unwrap(), Some(6));
}

fn transactions_see_who_came_between(shop: &mut Shop, c: &mut Connection) {
    let mut other = shop.connect();
    let mut tries = 0;
    let (n,): (i64,) = redis::transaction(c, &["n"], |c, pipe| {
        let n: Option<i64> = Commands::get(c, "n")?;
        tries += 1;
        if tries == 1 {
            TypedCommands::set(&mut other, "n", 41)?;
        }
        pipe.set("n", n.unwrap_or(0) + 1).ignore().get("n").query(c)
    })
    .unwrap();
    assert_eq!((n, tries), (42, 2));
}

fn scripts(_: &mut Shop, c: &mut Connection) {
    let take = Script::new(
        r"local left = tonumber(redis.call('GET', KEYS[1]) or '0')
          if left < tonumber(ARGV[1]) then return redis.error_reply('NOSTOCK only ' .. left .. ' left') end
          return redis.call('DECRBY', KEYS[1], ARGV[1])",
    );
    TypedCommands::set(c, "stock", 5).unwrap();
    assert_eq!(take.key("stock").arg(3).invoke::<i64>(c).unwrap(), 2);
    let () = redis::cmd("SCRIPT").arg("FLUSH").query(c).unwrap();
    assert_eq!(take.key("stock").arg(1).invoke::<i64>(c).unwrap(), 1);
    let refused = take.key("stock").arg(2).invoke::<i64>(c).unwrap_err();
    assert_eq!((refused.code(), refused.detail()), (Some("NOSTOCK"), Some("only 1 left")));
}

fn channels(shop: &mut Shop, c: &mut Connection) {
    let mut listener = shop.connect();
    let mut sub = listener.as_pubsub();
    sub.subscribe("news").unwrap();
    sub.psubscribe("log.*").unwrap();
    assert_eq!(TypedCommands::publish(c, "news", "hello").unwrap(), 1);
    assert_eq!(TypedCommands::publish(c, "log.error", "bad").unwrap(), 1);
    let first = sub.get_message().unwrap();
    assert_eq!((first.get_channel_name(), first.get_payload::<String>().unwrap()), ("news", "hello".into()));
    let second = sub.get_message().unwrap();
    assert_eq!(second.get_pattern::<String>().unwrap(), "log.*");
    assert_eq!((second.get_channel_name(), second.get_payload::<String>().unwrap()), ("log.error", "bad".into()));
    sub.unsubscribe("news").unwrap();
    assert_eq!(TypedCommands::publish(c, "news", "nobody").unwrap(), 0);
}

fn lists_hashes_sorted_sets(_: &mut Shop, c: &mut Connection) {
    TypedCommands::rpush(c, "queue", &["a", "b", "c"]).unwrap();
    assert_eq!(Commands::blpop::<_, (String, String)>(c, "queue", 1.0).unwrap(), ("queue".into(), "a".into()));
    let moved: String =
        Commands::blmove(c, "queue", "doing", redis::Direction::Left, redis::Direction::Right, 1.0).unwrap();
    assert_eq!(moved, "b");
    TypedCommands::hset_multiple(c, "job", &[("state", "new"), ("tries", "1")]).unwrap();
    assert_eq!(TypedCommands::hincr(c, "job", "tries", 1).unwrap(), 2.0);
    TypedCommands::zadd(c, "delayed", "later", 100.5).unwrap();
    TypedCommands::zadd(c, "delayed", "now", 1).unwrap();
    let due: Vec<(String, f64)> = Commands::zrangebyscore_withscores(c, "delayed", 0, 200).unwrap();
    assert_eq!(due, [("now".to_owned(), 1.0), ("later".to_owned(), 100.5)]);
    let (_, first, _): (String, String, f64) = Commands::bzpopmin(c, "delayed", 1.0).unwrap();
    assert_eq!(first, "now");
    let found: Vec<String> = Commands::scan_match(c, "d*").unwrap().map(Result::unwrap).collect();
    assert_eq!(found.len(), 2);
}
