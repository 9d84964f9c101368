//! Time: the one thread that ends waits whose time is up, lets keys vanish, and looks at the process,
//! and frees large things that commands dropped.
//!
//! Every broker has it, whether it listens or not. With a manual clock time passes only in [`crate::Broker::advance`];
//! the thread then serves calls that wait for another thread's work (SAVE, WAITAOF).

use super::shared::Shared;
use super::threads;
use crate::telemetry::Sample;
use brooklet_storage::StorageError;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

/// How long the thread sleeps at most: the pace of the sweep and of looks at the process.
const LOOK: Duration = Duration::from_millis(100);

/// Starts the thread; it ends with the broker.
pub(crate) fn start(shared: &Arc<Shared>) -> Option<JoinHandle<()>> {
    let (failing, timed) = (Arc::clone(shared), Arc::clone(shared));
    let failed = Arc::new(move |why| {
        failing.committer().fail(&StorageError::Poisoned(why));
    });
    // The first look, so that nobody ever reads an empty one.
    let sample = Sample::take(shared, &Sample::default());
    shared.engine().note_sample(sample);
    let thread = threads::start("timer", failed, move || keep_time(&timed, sample));
    if let Some(thread) = &thread {
        shared.tasks().set_timer(thread.thread().clone());
    }
    thread
}

fn keep_time(shared: &Shared, mut sample: Sample) {
    while shared.tasks().ending().is_none() {
        let wait = shared.engine().plan_tick(LOOK);
        // A nearer deadline unparks; an unpark that came before this is not lost.
        std::thread::park_timeout(wait);
        if shared.clock().monotonic_us().saturating_sub(sample.at_us) >= LOOK.as_micros() as u64 {
            sample = Sample::take(shared, &sample);
            // A sync that takes long is no event: somebody has to look.
            shared.tasks().sync().pressure.judge();
            shared.engine().note_sample(sample);
        }
        let buried = {
            let mut engine = shared.engine();
            engine.tick();
            engine.store.take_graveyard()
        };
        // Freed without the lock.
        drop(buried);
    }
}
