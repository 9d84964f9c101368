//! An election among three instances: `cargo run -p brooklet-client --features embedded --example leader`, or with the URL of
//! a server behind `--`. Without one it starts a broker of its own.

use brooklet_client::leader::{BoxError, LeaderConfig, LeaderConsumer, Message};
use brooklet_client::{Client, redis};
use std::io::Write;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;

fn say(line: std::fmt::Arguments<'_>) -> std::io::Result<()> {
    writeln!(std::io::stdout(), "{line}")
}

fn client() -> Result<Client, BoxError> {
    match std::env::args().nth(1) {
        Some(url) => Ok(Client::open(&url)?),
        None => Ok(Client::embedded(Arc::new(brooklet::Broker::in_memory()))),
    }
}

fn instance(name: &'static str, client: Client, seen: mpsc::Sender<String>) -> Result<LeaderConsumer, BoxError> {
    let config = LeaderConfig {
        lock_expiry: Duration::from_secs(3),
        refresh_interval: Duration::from_secs(1),
        ..Default::default()
    };
    let leader = LeaderConsumer::builder(client, "example").config(config).name(name).build()?;
    leader.subscribe("example:orders", "*", move |message: Message| {
        let seen = seen.clone();
        async move {
            let item = message.text("item").unwrap_or("nothing").to_owned();
            let token = message.guard.token().map_or("no token".to_owned(), |token| format!("token {token}"));
            seen.send(format!("   {name} handles {item} ({token})")).await
        }
    })?;
    leader.start()?;
    Ok(leader)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), BoxError> {
    let client = client()?;
    say(format_args!("server: {} ({:?})", client.endpoint(), client.server().await?))?;
    let (seen, mut lines) = mpsc::channel(16);
    let mut instances = Vec::new();
    for name in ["anna", "bert", "cleo"] {
        instances.push(instance(name, client.clone(), seen.clone())?);
        if instances.len() == 1 {
            instances[0].elected().await;
        }
    }
    for item in ["tea", "milk", "bread"] {
        let leader = instances.iter().find(|one| one.is_leader()).ok_or("nobody leads")?;
        say(format_args!("{} leads; the others wait", leader.name().unwrap_or_default()))?;
        client.call::<String>(redis::cmd("XADD").arg("example:orders").arg("*").arg("item").arg(item)).await?;
        say(format_args!("{}", lines.recv().await.ok_or("nobody handles it")?))?;
        let name = leader.name().unwrap_or_default().to_owned();
        let stopped = leader.stop(Duration::from_secs(2)).await;
        say(format_args!("{name} stops: drained {}, released {}", stopped.drained, stopped.released))?;
        instances.retain(|one| one.name() != Some(&name));
        let waiting = instances.iter().map(|one| Box::pin(one.elected()));
        if let Some(guard) = first(waiting.collect()).await {
            say(format_args!("-> {} takes over", guard.holder().split(':').next().unwrap_or_default()))?;
        }
    }
    say(format_args!(
        "all have stopped, the lease is free: {:?}",
        client.call::<Option<String>>(redis::cmd("GET").arg("mq:consumer:leader:example")).await?
    ))?;
    client.call::<i64>(redis::cmd("DEL").arg("example:orders")).await?;
    Ok(())
}

/// The first of some futures that is ready; none if there are none.
async fn first<F: Future + Unpin>(mut all: Vec<F>) -> Option<F::Output> {
    if all.is_empty() {
        return None;
    }
    let any = std::future::poll_fn(|context| {
        let ready = all.iter_mut().find_map(|one| match std::pin::Pin::new(one).poll(context) {
            std::task::Poll::Ready(output) => Some(output),
            std::task::Poll::Pending => None,
        });
        ready.map_or(std::task::Poll::Pending, std::task::Poll::Ready)
    });
    Some(any.await)
}
