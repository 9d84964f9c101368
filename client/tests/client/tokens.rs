//! CM-20 and CM-23: other clients' lock scripts, and fencing tokens.

use crate::kit::{MS, builder, lazy, quick, soon, started, until};
use crate::stage::{Stage, brooklet, everywhere, reference, with_leases};
use brooklet_client::leader::{LeaderConfig, LossReason};
use brooklet_client::{Client, Code, Error, LockOptions, redis, run_with_lock};
use brooklet_testkit::server::{Data, Server};

const RENEW: &str =
    r#"if redis.call("get", KEYS[1]) == ARGV[1] then return redis.call("pexpire", KEYS[1], ARGV[2]) else return 0 end"#;
const RELEASE: &str =
    r#"if redis.call("get",KEYS[1]) == ARGV[1] then return redis.call("del",KEYS[1]) else return 0 end"#;

/// What other clients call, as they call it, on the same key.
#[tokio::test]
async fn cm_20_lock_scripts_of_other_clients_and_the_lease_are_one() {
    everywhere(async |stage| {
        let client = stage.client();
        let run = async |words: &[&str]| {
            let command = redis::cmd(words[0]).arg(&words[1..]).to_owned();
            client.call::<i64>(&command).await
        };
        if !stage.has_leases || run(&["EVAL", "return 1", "0"]).await.is_ok() {
            let leader = started(stage.client(), lazy(20_000 * MS));
            let guard = soon("elected", leader.elected()).await;
            let (key, holder) = (guard.key(), guard.holder());
            assert_eq!(run(&["EVAL", RENEW, "1", key, holder, "5000"]).await.unwrap(), 1);
            assert!(stage.ask::<i64>(&["PTTL", key]).await <= 5000);
            assert_eq!(run(&["EVAL", RENEW, "1", key, "another", "9000"]).await.unwrap(), 0);
            assert_eq!(run(&["EVAL", RELEASE, "1", key, "another"]).await.unwrap(), 0);
            let sha: String = stage.ask(&["SCRIPT", "LOAD", RELEASE]).await;
            assert_eq!(run(&["EVALSHA", &sha, "1", key, holder]).await.unwrap(), 1);
            assert_eq!(run(&["EVALSHA", &sha, "1", key, holder]).await.unwrap(), 0);
            let unknown = run(&["EVALSHA", &"0".repeat(40), "0"]).await.unwrap_err();
            assert_eq!(unknown.code(), Some(&Code::NoScript));
            drop(leader);
        } else {
            println!("NOT RUN: scripts on {}: this build has none", stage.name);
        }
    })
    .await;
}

/// Terms of one leader after the other, with a look at the token of each.
async fn tokens(stage: &Stage, count: usize) -> Vec<Option<u64>> {
    let mut tokens = Vec::new();
    for _ in 0..count {
        let leader = started(stage.client(), quick());
        let guard = soon("elected", leader.elected()).await;
        tokens.push(guard.token().map(|token| token.get()));
        leader.stop(1000 * MS).await;
    }
    tokens
}

#[tokio::test]
async fn cm_23_tokens_rise_with_each_win_and_through_deletions() {
    with_leases(async |stage| {
        let mut seen = tokens(&stage, 3).await;
        // Whoever takes the key from under it.
        for words in [&["DEL", "mq:consumer:leader:g"][..], &["FLUSHALL"]] {
            let leader = started(stage.client(), quick());
            let guard = soon("elected", leader.elected()).await;
            seen.push(guard.token().map(|token| token.get()));
            stage.ask::<redis::Value>(words).await;
            soon("lost", guard.lost()).await;
            leader.stop(1000 * MS).await;
        }
        seen.extend(tokens(&stage, 2).await);
        // A lock is a lease, too.
        let (client, options) = (stage.client(), LockOptions::default());
        let locked = run_with_lock(&client, "other", &options, |guard| async move { guard.token() }).await;
        seen.push(locked.unwrap().map(|token| token.get()));
        assert!(seen[0] > Some(0) && seen.windows(2).all(|pair| pair[0] < pair[1]), "{seen:?}");
    })
    .await;
}

#[tokio::test]
async fn cm_23_a_renewal_keeps_the_token() {
    with_leases(async |stage| {
        let leader = started(stage.client(), quick());
        let guard = soon("elected", leader.elected()).await;
        until("renewals", async || leader.stats().renewals >= 3).await;
        let check: i64 = stage.ask(&["LEASE.CHECK", guard.key(), &guard.token().unwrap().to_string()]).await;
        assert_eq!(check, 1);
        leader.stop(1000 * MS).await;
    })
    .await;
}

#[tokio::test]
async fn cm_23_a_leader_that_was_paused_cannot_write_any_more() {
    with_leases(async |stage| {
        // It will not notice by itself.
        let paused = started(stage.client(), lazy(600_000 * MS));
        let old = soon("elected", paused.elected()).await;
        let add = |who: &str| redis::cmd("XADD").arg("out").arg("*").arg("who").arg(who).to_owned();
        old.call::<String>(&add("first")).await.unwrap();
        stage.ask::<i64>(&["DEL", old.key()]).await;
        let next = builder(stage.client(), quick()).name("next").build().unwrap();
        next.start().unwrap();
        let new = soon("elected", next.elected()).await;
        new.call::<String>(&add("next")).await.unwrap();
        assert!(old.is_held(), "it believes in its lease, as it was told nothing");
        let error = old.call::<String>(&add("too late")).await.unwrap_err();
        assert!(matches!(error, Error::LeaseLost { reason: LossReason::Fenced, .. }), "{error}");
        assert!(!old.is_held());
        assert_eq!(stage.ask::<i64>(&["XLEN", "out"]).await, 2);
        // What the command itself says comes through.
        let wrong = new.call::<i64>(redis::cmd("INCR").arg("out")).await.unwrap_err();
        assert_eq!(wrong.code(), Some(&Code::WrongType));
        assert!(new.is_held());
        paused.stop(1000 * MS).await;
        next.stop(1000 * MS).await;
    })
    .await;
}

#[tokio::test]
async fn cm_23_without_leases_there_is_no_token_and_no_pretending() {
    let stage = Stage::redis();
    assert_eq!(tokens(&stage, 1).await, [None]);
    let leader = started(stage.client(), quick());
    let guard = soon("elected", leader.elected()).await;
    let error = guard.call::<String>(&redis::cmd("PING")).await.unwrap_err();
    assert!(matches!(error, Error::Unsupported(_)), "{error}");
    leader.stop(1000 * MS).await;
}

/// CM-03 and CM-23: the lease, its deadline and its token are there after a restart, and the leader goes on.
#[tokio::test]
async fn cm_23_a_lease_and_its_token_survive_a_restart() {
    for target in [brooklet(), reference()] {
        let folder = tempfile::tempdir().unwrap();
        let flags: Vec<String> = Vec::new();
        let mut server = Server::start(&target, Data::Durable(folder.path().to_owned()), &flags).unwrap();
        if std::fs::read_dir(folder.path()).unwrap().next().is_none() {
            println!("NOT RUN: restarts of {}: this build keeps nothing on disk", target.program().display());
            continue;
        }
        let expiry = 5000 * MS;
        let config = LeaderConfig { lock_timeout: 100 * MS, ..lazy(expiry) };
        let leader = started(Stage::client_at(server.address()), config.clone());
        let guard = soon("elected", leader.elected()).await;
        let token = guard.token();
        // redis-server syncs its file once in a second.
        tokio::time::sleep(1100 * MS).await;
        server.kill().unwrap();
        server.restart().unwrap();
        let client = Stage::client_at(server.address());
        let key = guard.key();
        let left: i64 = client.call(redis::cmd("PTTL").arg(key)).await.unwrap();
        assert!((1..=4000).contains(&left), "{left} ms are left of the lease");
        let held: String = client.call(redis::cmd("GET").arg(key)).await.unwrap();
        assert_eq!(held, guard.holder());
        if let Some(token) = token {
            let check: i64 = client.call(redis::cmd("LEASE.CHECK").arg(key).arg(token.get())).await.unwrap();
            assert_eq!(check, 1, "the token was lost");
        }
        let next = started(Client::clone(&client), config);
        let after = soon("elected when it has expired", next.elected()).await;
        assert!(token.is_none() || after.token() > token);
        next.stop(1000 * MS).await;
        leader.stop(100 * MS).await;
    }
}
