//! redis-rs on tokio: many tasks on one connection, a manager that reconnects and subscribes again, the cache.

use clients::{Broker, PATIENCE};
use futures::StreamExt;
use redis::aio::{ConnectionManagerConfig, MultiplexedConnection};
use redis::caching::CacheConfig;
use redis::{AsyncCommands, AsyncConnectionConfig, Client, PushInfo, PushKind};
use std::future::Future;
use std::time::Duration;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::time::{sleep, timeout};

fn run<F: Future<Output = ()>>(protocol: u8, scenario: fn(Broker, Client) -> F) {
    let broker = Broker::start();
    let client = Client::open(format!("{}?protocol=resp{protocol}", broker.url(0))).unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(scenario(broker, client));
}

in_both_protocols!(super::run: many_tasks_on_one_connection, a_manager_reconnects, messages_as_a_stream);

/// Its own patience ends after half a second, which a busy machine may need.
fn patient() -> AsyncConnectionConfig {
    AsyncConnectionConfig::new().set_response_timeout(Some(PATIENCE)).set_connection_timeout(Some(PATIENCE))
}

async fn connect(client: &Client) -> MultiplexedConnection {
    client.get_multiplexed_async_connection_with_config(&patient()).await.unwrap()
}

async fn many_tasks_on_one_connection(_broker: Broker, client: Client) {
    let connection = connect(&client).await;
    let tasks: Vec<_> = (0..200).map(|i| tokio::spawn(add(connection.clone(), i))).collect();
    let mut ids = std::collections::BTreeSet::new();
    for task in tasks {
        ids.insert(task.await.unwrap());
    }
    assert_eq!(ids.len(), 200);
    let mut connection = connection;
    assert_eq!(connection.xlen::<_, usize>("s").await.unwrap(), 200);
}

async fn add(mut connection: MultiplexedConnection, i: usize) -> String {
    connection.xadd("s", "*", &[("i", i)]).await.unwrap()
}

async fn a_manager_reconnects(mut broker: Broker, client: Client) {
    let config = ConnectionManagerConfig::new().set_response_timeout(Some(PATIENCE));
    let mut manager = client.get_connection_manager_with_config(config).await.unwrap();
    let () = manager.set("k", "kept").await.unwrap();
    tokio::task::block_in_place(|| broker.restart());
    let again = timeout(PATIENCE, async {
        loop {
            match manager.get::<_, String>("k").await {
                Ok(value) => break value,
                Err(_) => sleep(Duration::from_millis(10)).await,
            }
        }
    });
    assert_eq!(again.await.unwrap(), "kept");
}

async fn messages_as_a_stream(_broker: Broker, client: Client) {
    let mut publisher = connect(&client).await;
    let (mut sink, mut stream) = client.get_async_pubsub().await.unwrap().split();
    sink.subscribe("news").await.unwrap();
    assert_eq!(publisher.publish::<_, _, usize>("news", "hello").await.unwrap(), 1);
    let message = timeout(PATIENCE, stream.next()).await.unwrap().unwrap();
    assert_eq!(message.get_payload::<String>().unwrap(), "hello");
}

async fn pushed(from: &mut UnboundedReceiver<PushInfo>, kind: PushKind) -> PushInfo {
    let wait = async {
        loop {
            let push = from.recv().await.unwrap();
            if push.kind == kind {
                break push;
            }
        }
    };
    timeout(PATIENCE, wait).await.unwrap()
}

/// What needs RESP3's pushes.
mod resp3_only {
    use super::*;

    #[test]
    fn subscriptions_come_back_after_a_restart() {
        run(3, |mut broker: Broker, client: Client| async move {
            let (sender, mut pushes) = unbounded_channel();
            let config = ConnectionManagerConfig::new()
                .set_response_timeout(Some(PATIENCE))
                .set_push_sender(sender)
                .set_automatic_resubscription();
            let mut manager = client.get_connection_manager_with_config(config).await.unwrap();
            manager.subscribe("news").await.unwrap();
            pushed(&mut pushes, PushKind::Subscribe).await;
            tokio::task::block_in_place(|| broker.restart());
            let mut publisher = connect(&client).await;
            let heard = async {
                while publisher.publish::<_, _, usize>("news", "again").await.unwrap() == 0 {
                    // A call tells it that the connection has gone.
                    let _: redis::RedisResult<String> = manager.get("k").await;
                    sleep(Duration::from_millis(10)).await;
                }
            };
            timeout(PATIENCE, heard).await.unwrap();
            let message = pushed(&mut pushes, PushKind::Message).await;
            assert_eq!(redis::from_redis_value::<String>(message.data[1].clone()).unwrap(), "again");
        });
    }

    #[test]
    fn cached_until_another_changes_it() {
        run(3, |broker: Broker, client: Client| async move {
            let _running = broker;
            let config = patient().set_cache_config(CacheConfig::new());
            let mut cached = client.get_multiplexed_async_connection_with_config(&config).await.unwrap();
            let mut writer = connect(&client).await;
            let () = writer.set("k", "old").await.unwrap();
            for _ in 0..3 {
                assert_eq!(cached.get::<_, String>("k").await.unwrap(), "old");
            }
            let seen = cached.get_cache_statistics().unwrap();
            assert_eq!((seen.hit, seen.miss), (2, 1));
            let () = writer.set("k", "new").await.unwrap();
            let told = async {
                while cached.get::<_, String>("k").await.unwrap() != "new" {
                    sleep(Duration::from_millis(5)).await;
                }
            };
            timeout(PATIENCE, told).await.unwrap();
            assert!(cached.get_cache_statistics().unwrap().invalidate >= 1);
        });
    }
}
