//! CM-21, CM-22, CM-24: what operators see, and what the documents say.

use crate::kit::{Log, MS, builder, publish, quick, soon, until, within};
use crate::stage::everywhere;
use brooklet_client::leader::LeaderConfig;
use std::cell::RefCell;
use std::fmt::{Debug, Write};
use std::sync::Once;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::time::Duration;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

/// Writes down the names of spans, and events with their fields, for the test in whose thread they happen. One for all tests: whether a
/// span is wanted is remembered for the whole program.
#[derive(Default)]
struct Recorder {
    spans: AtomicU64,
}

thread_local! {
    static LOG: RefCell<Option<Log>> = const { RefCell::new(None) };
}

fn note(line: String) {
    LOG.with_borrow(|log| log.iter().for_each(|log| log.add(line.clone())));
}

struct Fields<'a>(&'a mut String);

impl Visit for Fields<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        write!(self.0, " {}={value:?}", field.name()).unwrap();
    }
}

impl Subscriber for Recorder {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("brooklet_client")
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        let mut line = format!("span {}", span.metadata().name());
        span.record(&mut Fields(&mut line));
        note(line);
        Id::from_u64(self.spans.fetch_add(1, SeqCst) + 1)
    }

    fn event(&self, event: &Event<'_>) {
        let mut line = format!("{}", event.metadata().level());
        event.record(&mut Fields(&mut line));
        note(line);
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

/// Before anything of the client runs.
pub fn install() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| tracing::subscriber::set_global_default(Recorder::default()).unwrap());
}

/// The log of this test. Each has a thread, with a runtime in it.
fn recording() -> Log {
    LOG.replace(Some(Log::default()));
    LOG.with_borrow(|log| log.clone().unwrap())
}

#[tokio::test]
async fn cm_21_each_instance_says_which_server_and_key_it_stands_at() {
    everywhere(async |stage| {
        let log = recording();
        let leader = builder(stage.client(), quick()).name("me").build().unwrap();
        leader.start().unwrap();
        soon("elected", leader.elected()).await;
        let run_id = stage.client().run_id().await.unwrap();
        let said =
            log.lines().into_iter().find(|line| line.contains("standing for election")).expect("a line of the log");
        let server = stage.client().endpoint().to_owned();
        for part in [run_id.as_str(), "lease_key=mq:consumer:leader:g", "name=\"me\"", &server, "INFO"] {
            assert!(said.contains(part), "{part} is not in {said}");
        }
        leader.stop(1000 * MS).await;
    })
    .await;
}

/// The table of the document, computed.
#[test]
fn cm_22_the_document_gives_the_trade_in_numbers() {
    let text = include_str!("../../../docs/sdk.md");
    let presets = [("15 s", 15, 5), ("30 s (default)", 30, 10), ("60 s", 60, 20), ("6 s", 6, 2)];
    for (name, expiry, interval) in presets {
        let config = LeaderConfig {
            lock_expiry: Duration::from_secs(expiry),
            refresh_interval: Duration::from_secs(interval),
            ..LeaderConfig::default()
        };
        config.validate().unwrap();
        let deadline = config.renew_deadline().as_secs();
        // The last renewal before the trouble may have been an interval and a fifth ago.
        #[allow(clippy::cast_precision_loss)]
        let survives = deadline as f64 - interval as f64 * 1.2;
        let row = format!("| {name} | {interval} s | {deadline} s | {expiry} s | {survives:.1} s |");
        assert!(text.contains(&row), "docs/sdk.md lacks: {row}");
    }
    for word in ["LEASE.EXEC", "fencing token", "cannot stop"] {
        assert!(text.contains(word), "docs/sdk.md does not speak of {word}");
    }
}

#[tokio::test]
async fn cm_24_spans_and_numbers() {
    everywhere(async |stage| {
        let log = recording();
        let (handled, leader) = (Log::default(), builder(stage.client(), quick()).build().unwrap());
        assert_eq!(leader.stats().since_renewal, None);
        leader.subscribe("t", "*", handled.noting()).unwrap();
        leader.start().unwrap();
        soon("elected", leader.elected()).await;
        publish(&stage, "t", 1).await;
        handled.reaches(1).await;
        until("a renewal", async || leader.stats().renewals >= 2).await;
        let stats = leader.stats();
        assert!(leader.is_leader() && stats.won == 1 && stats.lost == 0 && stats.released == 0);
        within(stats.since_renewal.unwrap(), Duration::ZERO, 1500 * MS);
        within(stats.last_renewal_took.unwrap(), Duration::from_nanos(1), 1500 * MS);
        assert!(stats.slowest_renewal >= stats.last_renewal_took);
        leader.stop(1000 * MS).await;
        assert_eq!((leader.stats().released, leader.stream_stats().handled), (1, 1));
        for span in ["lease.acquire key=mq:consumer:leader:g", "lease.renew", "lease.release", "leader.handle topic=t"]
        {
            let begins = format!("span {span}");
            assert!(log.lines().iter().any(|line| line.starts_with(&begins)), "no {begins} in {:#?}", log.lines());
        }
    })
    .await;
}
