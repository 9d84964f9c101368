//! CM-19: the same manager, however its server presents itself.

use crate::kit::{MS, quick, soon, started};
use crate::stage::{Stage, brooklet, flags, reference};
use brooklet_client::Client;
use brooklet_testkit::server::{Data, Server, Target};

async fn elects(client: Client) {
    let leader = started(client.clone(), quick());
    soon("elected", leader.elected()).await;
    assert!(leader.stop(1000 * MS).await.released);
}

#[tokio::test]
async fn cm_19_a_cluster_of_one_node() {
    for target in [brooklet(), reference()] {
        let server = Server::start(&target, Data::Volatile, &flags(&["--cluster-enabled", "yes"])).unwrap();
        elects(Stage::client_at(server.address())).await;
    }
}

#[tokio::test]
async fn cm_19_behind_sentinels() {
    let by_sentinel = |address, target: &Target| {
        // One of them is gone.
        let watchers = ["redis://127.0.0.1:1".to_owned(), format!("redis://{address}")];
        let client = Client::builder().sentinels(watchers.iter().map(String::as_str), "main", "redis://unused");
        client.unwrap_or_else(|error| panic!("{}: {error}", target.program().display()))
    };
    // Brooklet is its own sentinel.
    let target = brooklet();
    let server = Server::start(&target, Data::Volatile, &flags(&["--sentinel-master-name", "main"])).unwrap();
    elects(by_sentinel(server.address(), &target)).await;
    let unknown = Client::builder().response_timeout(100 * MS);
    let url = format!("redis://{}", server.address());
    let unknown = unknown.sentinels([url.as_str()], "nobody", "redis://unused").unwrap();
    let error = unknown.run_id().await.unwrap_err();
    assert!(error.to_string().contains("nobody") && error.is_retryable(), "{error}");
}
