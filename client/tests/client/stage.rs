//! The servers that a test runs against.

use brooklet::Broker;
use brooklet_client::{Client, redis};
use brooklet_testkit::server::{Data, Dialect, Server, Target};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

/// A server, and what it can do.
pub struct Stage {
    pub name: &'static str,
    /// It mints tokens, waits in a queue, and binds leases to connections.
    pub has_leases: bool,
    pub server: Option<Server>,
    pub broker: Option<Arc<Broker>>,
}

/// Brooklet as it was built beside this test, unless `BROOKLET_UNDER_TEST` names another.
pub fn brooklet() -> Target {
    let beside = || -> PathBuf {
        let test = std::env::current_exe().expect("the path of this test");
        let folder = test.ancestors().nth(2).expect("target/debug/deps/test");
        folder.join(format!("brooklet{}", std::env::consts::EXE_SUFFIX))
    };
    let program = std::env::var_os("BROOKLET_UNDER_TEST").map_or_else(beside, PathBuf::from);
    assert!(program.is_file(), "{} is missing: `cargo build` makes it", program.display());
    Target::new(program, Dialect::Brooklet)
}

pub fn reference() -> Target {
    Target::reference().unwrap_or_else(|why| panic!("{why}"))
}

pub fn flags(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

impl Stage {
    pub fn brooklet() -> Self {
        Self::brooklet_with(&[])
    }

    pub fn brooklet_with(words: &[&str]) -> Self {
        let server = Server::start(&brooklet(), Data::Volatile, &flags(words)).unwrap();
        Self { name: "brooklet", has_leases: true, server: Some(server), broker: None }
    }

    pub fn redis() -> Self {
        let server = Server::start(&reference(), Data::Volatile, &[]).unwrap();
        Self { name: "redis-server", has_leases: false, server: Some(server), broker: None }
    }

    pub fn in_process() -> Self {
        Self::around(Broker::in_memory())
    }

    pub fn around(broker: Broker) -> Self {
        Self { name: "in process", has_leases: true, server: None, broker: Some(Arc::new(broker)) }
    }

    pub fn address(&self) -> SocketAddr {
        self.server.as_ref().expect("a server with an address").address()
    }

    /// A client of its own: a connection that nobody else shares.
    pub fn client(&self) -> Client {
        match &self.broker {
            Some(broker) => Client::embedded(Arc::clone(broker)),
            None => Client::open(&format!("redis://{}", self.address())).unwrap(),
        }
    }

    /// A client that gets to the server through another address.
    pub fn client_at(address: SocketAddr) -> Client {
        Client::open(&format!("redis://{address}")).unwrap()
    }

    /// A plain call, for looking at what is there.
    pub async fn ask<T: redis::FromRedisValue>(&self, words: &[&str]) -> T {
        ask(&self.client(), words).await
    }
}

/// A plain call.
pub async fn ask<T: redis::FromRedisValue>(client: &Client, words: &[&str]) -> T {
    let command = redis::cmd(words[0]).arg(&words[1..]).to_owned();
    client.call(&command).await.unwrap_or_else(|error| panic!("{words:?}: {error}"))
}

/// Runs a test on each of the three, one after the other. `STAGE=redis` runs it on those with that in their name.
pub async fn everywhere(test: impl AsyncFn(Stage)) {
    on(&[Stage::brooklet, Stage::redis, Stage::in_process], test).await;
}

/// On the two with sockets.
pub async fn over_sockets(test: impl AsyncFn(Stage)) {
    on(&[Stage::brooklet, Stage::redis], test).await;
}

/// Where there are leases.
pub async fn with_leases(test: impl AsyncFn(Stage)) {
    on(&[Stage::brooklet, Stage::in_process], test).await;
}

async fn on(stages: &[fn() -> Stage], test: impl AsyncFn(Stage)) {
    crate::seen::install();
    let only = std::env::var("STAGE").unwrap_or_default();
    for start in stages {
        let stage = start();
        if stage.name.contains(&only) {
            println!("on {}:", stage.name);
            test(stage).await;
        } else {
            println!("NOT RUN: on {}, because STAGE={only}", stage.name);
        }
    }
}
