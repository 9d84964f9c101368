//! The client below the election: errors as types, connections that break, one code path to every server.

use crate::kit::{MS, within};
use crate::proxy::{Network, Proxy};
use crate::stage::{Stage, ask, everywhere, over_sockets};
use brooklet_client::{Client, Code, Error, Outcome, ServerKind, redis};
use std::time::Instant;

#[tokio::test]
async fn errors_of_the_server_are_types_everywhere() {
    everywhere(async |stage| {
        let client = stage.client();
        ask::<()>(&client, &["SET", "k", "v"]).await;
        let refused = async |words: &[&str]| {
            let command = redis::cmd(words[0]).arg(&words[1..]).to_owned();
            client.call::<redis::Value>(&command).await.unwrap_err()
        };
        let cases: [(&[&str], Code); 4] = [
            (&["XLEN", "k"], Code::WrongType),
            (&["XREADGROUP", "GROUP", "g", "c", "STREAMS", "s", ">"], Code::NoGroup),
            (&["GET"], Code::Err),
            (&["EXEC"], Code::Err),
        ];
        for (words, code) in cases {
            let error = refused(words).await;
            assert_eq!(error.code(), Some(&code), "{words:?}: {error}");
            assert_eq!((error.outcome(), error.is_retryable()), (Outcome::Refused, false));
        }
    })
    .await;
}

#[tokio::test]
async fn what_redis_rs_offers_works_over_every_connection() {
    everywhere(async |stage| {
        let mut connection = stage.client().connection().await.unwrap();
        let mut pipe = redis::pipe();
        pipe.cmd("SET").arg("a").arg(1).ignore().cmd("INCR").arg("a").cmd("XADD").arg(&["s", "1-1", "f", "v"]);
        let (n, id): (i64, String) = pipe.query_async(&mut connection).await.unwrap();
        assert_eq!((n, id.as_str()), (2, "1-1"));
        let mut atomic = redis::pipe();
        atomic.atomic().cmd("INCR").arg("a").cmd("GET").arg("a");
        assert_eq!(atomic.query_async::<(i64, i64)>(&mut connection).await.unwrap(), (3, 3));
        let error = redis::cmd("XLEN").arg("a").query_async::<i64>(&mut connection).await.unwrap_err();
        assert_eq!(Error::from(error).code(), Some(&Code::WrongType));
    })
    .await;
}

#[tokio::test]
async fn the_kind_of_server_is_found_by_what_it_can_do() {
    everywhere(async |stage| {
        let expected = if stage.has_leases { ServerKind::Brooklet } else { ServerKind::Redis };
        assert_eq!(stage.client().server().await.unwrap(), expected);
        assert_eq!(stage.client().run_id().await.unwrap().len(), 40);
    })
    .await;
}

#[tokio::test]
async fn a_broken_connection_is_an_unknown_outcome_and_the_next_call_has_a_new_one() {
    over_sockets(async |stage| {
        let proxy = Proxy::before(stage.address()).await;
        let client = Stage::client_at(proxy.address());
        let before: i64 = ask(&client, &["CLIENT", "ID"]).await;
        proxy.set(Network::Cut);
        let error = client.call::<String>(&redis::cmd("PING")).await.unwrap_err();
        // The call found the connection broken, or broke with it.
        assert!(matches!(error, Error::Disconnected(_)), "{error}");
        assert_eq!((error.outcome(), error.is_retryable()), (Outcome::Unknown, true));
        proxy.set(Network::Up);
        assert!(ask::<i64>(&client, &["CLIENT", "ID"]).await > before);
    })
    .await;
}

#[tokio::test]
async fn a_network_that_hangs_ends_in_a_timeout_that_says_whether_the_call_was_sent() {
    over_sockets(async |stage| {
        let proxy = Proxy::before(stage.address()).await;
        let url = format!("redis://{}", proxy.address());
        let client = Client::builder().response_timeout(100 * MS).connect_timeout(60 * MS).url(&url).unwrap();
        ask::<String>(&client, &["PING"]).await;
        proxy.set(Network::Hung);
        let error = client.call::<String>(&redis::cmd("PING")).await.unwrap_err();
        assert!(matches!(error, Error::Timeout { sent: true, .. }), "{error}");
        assert_eq!(error.outcome(), Outcome::Unknown);
        // There is no connection now, and none to be had.
        let begun = Instant::now();
        let error = client.call::<String>(&redis::cmd("PING")).await.unwrap_err();
        assert_eq!((error.outcome(), error.is_retryable()), (Outcome::NotSent, true), "{error}");
        within(begun.elapsed(), 90 * MS, 2000 * MS);
        proxy.set(Network::Up);
        assert_eq!(ask::<String>(&client, &["PING"]).await, "PONG");
    })
    .await;
}

#[tokio::test]
async fn nobody_there_is_not_sent_and_a_wrong_password_is_no_reason_to_try_again() {
    let nobody = Client::builder().response_timeout(100 * MS).url("redis://127.0.0.1:1").unwrap();
    let error = nobody.call::<String>(&redis::cmd("PING")).await.unwrap_err();
    assert!(matches!(error, Error::Connect { .. }), "{error}");
    assert_eq!(error.outcome(), Outcome::NotSent);
    over_sockets(async |stage| {
        ask::<()>(&stage.client(), &["CONFIG", "SET", "requirepass", "secret"]).await;
        let wrong = Client::open(&format!("redis://:guess@{}", stage.address())).unwrap();
        let begun = Instant::now();
        let error = wrong.call::<String>(&redis::cmd("PING")).await.unwrap_err();
        assert_eq!(error.code(), Some(&Code::WrongPass), "{error}");
        assert!(!error.is_retryable() && begun.elapsed() < 1000 * MS);
        assert!(!error.to_string().contains("guess"));
    })
    .await;
}
