//! CM-25: a lock around a piece of work, and around a message.

use crate::kit::{Log, MS, builder, publish, quick, soon, until, within};
use crate::stage::everywhere;
use brooklet_client::leader::{BoxError, LossReason, Message};
use brooklet_client::{Error, LockOptions, run_with_lock, run_with_message_lock};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::{Duration, Instant};

fn options() -> LockOptions {
    LockOptions { expiry: 1500 * MS, wait: 200 * MS, retry_delay: 20 * MS }
}

#[tokio::test]
async fn cm_25_the_work_runs_once_per_lock_and_the_lock_is_given_back() {
    everywhere(async |stage| {
        let client = stage.client();
        let inside = Arc::new(AtomicUsize::new(0));
        let runs = Arc::new(AtomicUsize::new(0));
        let patient = LockOptions { wait: Duration::from_secs(20), ..options() };
        let work = async || {
            let (inside, runs) = (Arc::clone(&inside), Arc::clone(&runs));
            run_with_lock(&client, "k", &patient, |guard| async move {
                assert_eq!(inside.fetch_add(1, SeqCst), 0, "two at once");
                tokio::time::sleep(5 * MS).await;
                assert!(guard.is_held());
                inside.fetch_sub(1, SeqCst);
                runs.fetch_add(1, SeqCst) + 1
            })
            .await
            .unwrap()
        };
        let (a, b, c, d) = tokio::join!(work(), work(), work(), work());
        let mut each = [a, b, c, d];
        each.sort_unstable();
        assert_eq!(each, [1, 2, 3, 4]);
        assert_eq!(stage.ask::<i64>(&["EXISTS", "k"]).await, 0);
    })
    .await;
}

#[tokio::test]
async fn cm_25_a_lock_that_cannot_be_had_is_an_error_that_can_be_tried_again() {
    everywhere(async |stage| {
        stage.ask::<()>(&["SET", "k", "somebody"]).await;
        let begun = Instant::now();
        let error = run_with_lock(&stage.client(), "k", &options(), |_| async { panic!("it ran") }).await.unwrap_err();
        let _: () = match &error {
            Error::NotObtained { key, .. } => assert_eq!(&**key, "k"),
            other => panic!("{other}"),
        };
        assert!(error.is_retryable());
        within(begun.elapsed(), 150 * MS, 2000 * MS);
        assert_eq!(stage.ask::<String>(&["GET", "k"]).await, "somebody");
    })
    .await;
}

#[tokio::test]
async fn cm_25_the_lock_is_renewed_for_as_long_as_the_work_takes() {
    everywhere(async |stage| {
        let (client, options) = (stage.client(), options());
        let held = run_with_lock(&client, "k", &options, |guard| async move {
            // Twice its time.
            tokio::time::sleep(3000 * MS).await;
            guard.is_held()
        });
        assert!(held.await.unwrap());
    })
    .await;
}

#[tokio::test]
async fn cm_25_the_lock_is_given_back_when_the_work_fails_panics_or_is_dropped() {
    everywhere(async |stage| {
        let free = async |what: &str| {
            until(what, async || stage.ask::<i64>(&["EXISTS", "k"]).await == 0).await;
        };
        // None of these may wait for the expiry.
        let long = LockOptions { expiry: Duration::from_secs(60), ..options() };
        let client = stage.client();
        let failed = run_with_lock(&client, "k", &long, |_| async { Err::<(), _>("no") }).await.unwrap();
        assert_eq!(failed, Err("no"));
        free("free after a failure").await;
        let (other, options) = (client.clone(), long.clone());
        let task =
            tokio::spawn(async move { run_with_lock(&other, "k", &options, |_| async { panic!("on purpose") }).await });
        let _: Result<brooklet_client::Result<()>, _> = task.await.inspect_err(|e| assert!(e.is_panic()));
        free("free after a panic").await;
        let dropped =
            tokio::time::timeout(100 * MS, run_with_lock(&client, "k", &long, |_| std::future::pending::<()>()));
        assert!(dropped.await.is_err());
        free("free after the caller went away").await;
        // Also when the caller goes away while it waits.
        stage.ask::<()>(&["SET", "k", "somebody"]).await;
        let patient = LockOptions { wait: Duration::from_secs(20), ..long };
        let waiting = run_with_lock(&client, "k", &patient, |_| std::future::pending::<()>());
        assert!(tokio::time::timeout(100 * MS, waiting).await.is_err());
        stage.ask::<()>(&["DEL", "k"]).await;
        free("free though somebody waited for it once").await;
        run_with_lock(&client, "k", &options_quick(), |_| async {}).await.unwrap();
    })
    .await;
}

fn options_quick() -> LockOptions {
    LockOptions { wait: 1000 * MS, ..options() }
}

#[tokio::test]
async fn cm_25_work_whose_lock_is_lost_is_dropped() {
    everywhere(async |stage| {
        let client = stage.client();
        let options = options();
        let work = run_with_lock(&client, "k", &options, |_| std::future::pending::<()>());
        let steal = async {
            until("locked", async || stage.ask::<i64>(&["EXISTS", "k"]).await == 1).await;
            stage.ask::<()>(&["SET", "k", "somebody"]).await;
        };
        let (ended, ()) = soon("the end", async { tokio::join!(work, steal) }).await;
        let error = ended.unwrap_err();
        assert!(matches!(error, Error::LeaseLost { reason: LossReason::NotMine, .. }), "{error}");
        assert!(error.is_retryable());
        assert_eq!(stage.ask::<String>(&["GET", "k"]).await, "somebody");
    })
    .await;
}

#[tokio::test]
async fn cm_25_a_lock_per_message() {
    everywhere(async |stage| {
        let log = Log::default();
        let leader = builder(stage.client(), quick()).build().unwrap();
        let (client, seen) = (stage.client(), log.clone());
        leader
            .subscribe("t", "*", move |message: Message| {
                let (client, log) = (client.clone(), seen.clone());
                async move {
                    run_with_message_lock(&client, &message, "bill", &options(), |guard| {
                        let line = format!("{} {}", message.id, guard.key());
                        async move { log.add(line) }
                    })
                    .await
                    .map_err(BoxError::from)
                }
            })
            .unwrap();
        leader.start().unwrap();
        let id = publish(&stage, "t", 1).await;
        assert_eq!(log.reaches(1).await, [format!("{id} mq:public:lock:t:bill:{id}")]);
        leader.stop(1000 * MS).await;
    })
    .await;
}
