//! Backups of the data folder: who asked for one, how the last one went, and making it.
//!
//! The settler takes a snapshot right after a checkpoint, which is a matter of links; reading all of it for the manifest is
//! left to a thread of its own, so that no checkpoint waits for it. Must never know: what is in the files.

use parking_lot::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

/// How a backup went.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Its name, or why there is none.
    pub name: Result<String, String>,
    /// Unix milliseconds at which it was complete, or given up.
    pub at_ms: i64,
}

/// Requests are numbered, as those for checkpoints are.
#[derive(Debug, Default)]
pub struct Backups {
    wanted: AtomicU64,
    served: AtomicU64,
    last: Mutex<Option<Outcome>>,
}

impl Backups {
    /// Asks for a backup of everything that is executed now; it is made, or has failed, when [`Backups::served`] reaches the
    /// number.
    pub(super) fn request(&self) -> u64 {
        self.wanted.fetch_add(1, Ordering::AcqRel) + 1
    }

    /// The last request that was served.
    pub fn served(&self) -> u64 {
        self.served.load(Ordering::Acquire)
    }

    /// Whether a request was not served yet.
    pub fn is_under_way(&self) -> bool {
        self.served() < self.wanted.load(Ordering::Acquire)
    }

    /// How the last one went.
    pub fn last(&self) -> Option<Outcome> {
        self.last.lock().clone()
    }

    /// Notes what became of the requests through `request`.
    fn serve(&self, request: u64, outcome: Option<Outcome>) {
        if outcome.is_some() {
            *self.last.lock() = outcome;
        }
        self.served.fetch_max(request, Ordering::AcqRel);
    }
}

pub(super) use making::Maker;

mod making {
    use super::{Backups, Ordering, Outcome};
    use crate::broker::clock::Clock;
    use crate::broker::shared::Shared;
    use crate::broker::tasks::Tasks;
    use crate::broker::threads;
    use brooklet_storage::StorageError;
    use brooklet_storage::backend::Backend;
    use brooklet_storage::backup::{self, Draft};
    use brooklet_storage::journal::Mark;
    use std::path::{Path, PathBuf};
    use std::sync::Arc;
    use std::thread::JoinHandle;

    impl Backups {
        /// The number of the last request, if one was not served yet.
        fn due(&self) -> Option<u64> {
            let wanted = self.wanted.load(Ordering::Acquire);
            (self.served() < wanted).then_some(wanted)
        }
    }

    /// The settler's hand for backups; one at a time.
    pub(in crate::broker) struct Maker {
        root: PathBuf,
        sealing: Option<JoinHandle<()>>,
    }

    impl Maker {
        pub fn of(data: &Path) -> Maker {
            Maker { root: backup::folder_of(data), sealing: None }
        }

        /// The request that the next checkpoint should serve: none while a backup is being read.
        pub fn due(&self, shared: &Shared) -> Option<u64> {
            let is_free = self.sealing.as_ref().is_none_or(JoinHandle::is_finished);
            shared.tasks().backups().due().filter(|_| is_free)
        }

        /// Makes a backup of the backend, which stands at `mark` and does not change meanwhile. A failure is told, not fatal.
        pub fn make(&mut self, shared: &Arc<Shared>, backend: &dyn Backend, mark: Mark, request: u64) {
            let keep = shared.engine().config.backup_keep as usize;
            if keep == 0 {
                return shared.tasks().backups().serve(request, None);
            }
            let draft = match Draft::begin(&self.root, mark, |path| backend.snapshot(path)) {
                Ok(draft) => draft,
                Err(why) => return Report::of(shared, request).end(Err(why)),
            };
            let (root, report) = (self.root.clone(), Report::of(shared, request));
            let seal = move || {
                let at_ms = report.clock.now_ms().max(0) as u64;
                let sealed = draft.seal(at_ms).and_then(|name| backup::prune(&root, keep).map(|()| name));
                report.end(sealed);
            };
            let report = Report::of(shared, request);
            let failed = Arc::new(move |why| report.end(Err(StorageError::Backend(why))));
            self.sealing = threads::start("backup", failed, seal);
        }
    }

    /// Whom to tell of the end of a backup. Not the broker itself: nobody waits for the thread of a backup at the end, and whoever holds
    /// the broker when the process exits keeps the store open, whose threads do not bear that.
    struct Report {
        tasks: Tasks,
        clock: Clock,
        request: u64,
    }

    impl Report {
        fn of(shared: &Shared, request: u64) -> Report {
            Report { tasks: shared.tasks().clone(), clock: shared.clock().clone(), request }
        }

        fn end(&self, made: Result<String, StorageError>) {
            match &made {
                Ok(name) => tracing::info!("backup {name} is complete"),
                Err(why) => tracing::error!("backup: {why}"),
            }
            let outcome = Outcome { name: made.map_err(|why| why.to_string()), at_ms: self.clock.now_ms() };
            self.tasks.backups().serve(self.request, Some(outcome));
        }
    }
}
