//! A disk that is full for a while: what is executed waits, in its order, and nothing is acknowledged before its time.

use super::*;
use crate::broker::clock::{Clock, ManualClock};
use crate::broker::tasks::Tasks;
use crate::config::Config;
use brooklet_storage::backend::memory::Memory;
use brooklet_storage::error::Result;
use brooklet_storage::journal::{MemoryJournal, Released};
use std::future::Future;
use std::io::ErrorKind;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

/// A journal on a disk that a test fills.
#[derive(Clone, Default)]
struct Disk {
    journal: MemoryJournal,
    full: Arc<AtomicBool>,
    short: Arc<AtomicBool>,
    panics: Arc<AtomicBool>,
}

impl Journal for Disk {
    fn replay(&mut self, applied: Mark, visit: &mut dyn FnMut(u64, &[u8]) -> Result<()>) -> Result<Mark> {
        self.journal.replay(applied, visit)
    }

    fn append(&mut self, payload: &[u8]) -> Result<Mark> {
        assert!(!self.panics.load(Ordering::Relaxed), "a panic that the test asked for");
        if self.full.load(Ordering::Relaxed) {
            return Err(StorageError::io("write journal", "here")(ErrorKind::StorageFull.into()));
        }
        self.journal.append(payload)
    }

    fn syncer(&self) -> Arc<dyn Syncer> {
        self.journal.syncer()
    }

    fn release_through(&mut self, commit: u64) -> Released {
        self.journal.release_through(commit)
    }

    fn is_short(&self) -> bool {
        self.short.load(Ordering::Relaxed)
    }

    fn live_bytes(&self) -> u64 {
        self.journal.live_bytes()
    }
}

struct World {
    disk: Disk,
    engine: Mutex<Engine>,
    committer: Committer,
}

impl World {
    fn new(sync: Arc<SyncState>) -> World {
        let mut disk = Disk::default();
        let opened = brooklet_storage::open::open(Arc::new(Memory::new()), &mut disk, 1, Default::default()).unwrap();
        let clock = Clock::Manual(ManualClock::at(1));
        let engine = Mutex::new(Engine::new(opened.store, Config::default(), clock, Tasks::default()));
        let committer = Committer::new(Box::new(disk.clone()), opened.mark, sync);
        World { disk, engine, committer }
    }

    /// Executes a write; the ticket of its reply.
    fn write(&self, name: &'static [u8]) -> Ticket {
        let mut engine = self.engine.lock();
        engine.store.set_string(0, name, None, name.into(), None);
        engine.ticket()
    }

    fn fill(&self, full: bool) {
        self.disk.full.store(full, Ordering::Relaxed);
    }

    fn relieve(&self) {
        self.committer.relieve(&self.engine, false).unwrap();
    }

    fn refuses(&self) -> bool {
        self.engine.lock().write_trouble.is_some()
    }

    /// The names in the order in which a restart finds them.
    fn replayed(&self) -> Vec<String> {
        let mut found = Vec::new();
        let mut journal = self.disk.journal.clone();
        let all = journal.replay(Mark::default(), &mut |_, batch| {
            found.push(batch.iter().filter(|b| b.is_ascii_lowercase()).map(|b| char::from(*b)).collect());
            Ok(())
        });
        all.unwrap();
        found
    }
}

fn poll<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

/// Polls until the yield of [`Committer::committed`] is over.
fn settled<F: Future>(mut future: Pin<&mut F>) -> Poll<F::Output> {
    let first = poll(future.as_mut());
    if first.is_ready() { first } else { poll(future) }
}

#[test]
fn a_held_batch_is_neither_lost_nor_passed_by() {
    let world = World::new(Arc::default());
    let (committer, engine) = (&world.committer, &world.engine);
    assert!(committer.append(engine, world.write(b"a")).unwrap());
    world.fill(true);
    let second = world.write(b"b");
    let mut waiting = pin!(committer.committed(engine, second, First::Ready));
    assert!(settled(waiting.as_mut()).is_pending());
    assert!(world.refuses(), "new writes are refused at once");
    // Something that no gate refuses (a key vanished), and a read that has seen it.
    let third = world.write(b"c");
    let mut later = pin!(committer.committed(engine, third, First::Ready));
    assert!(settled(later.as_mut()).is_pending());
    assert!(!committer.append(engine, third).unwrap());
    world.relieve();
    assert!(poll(waiting.as_mut()).is_pending() && world.refuses(), "still full");
    assert_eq!(world.replayed(), ["aa"]);
    world.fill(false);
    assert!(!committer.append(engine, third).unwrap(), "nothing goes before what is held");
    world.relieve();
    assert!(matches!(poll(waiting.as_mut()), Poll::Ready(Ok(()))));
    assert!(matches!(poll(later.as_mut()), Poll::Ready(Ok(()))));
    assert!(!world.refuses());
    assert_eq!(world.replayed(), ["aa", "bb", "cc"]);
    committer.check().unwrap();
}

#[test]
fn writes_are_refused_before_the_journal_is_full_and_reads_go_on() {
    let world = World::new(Arc::default());
    world.disk.short.store(true, Ordering::Relaxed);
    assert!(world.committer.append(&world.engine, world.write(b"a")).unwrap());
    assert!(world.refuses());
    // What is executed already still finds room, so nobody waits.
    assert!(world.committer.append(&world.engine, world.write(b"b")).unwrap());
    world.relieve();
    assert!(world.refuses());
    world.disk.short.store(false, Ordering::Relaxed);
    world.relieve();
    assert!(!world.refuses());
    world.disk.short.store(true, Ordering::Relaxed);
    world.relieve();
    assert!(world.refuses(), "also where nobody writes");
}

#[test]
fn a_sync_does_not_cover_what_is_held() {
    let sync = Arc::new(SyncState::default());
    sync.always.store(true, Ordering::Relaxed);
    let world = World::new(sync);
    let (committer, engine) = (&world.committer, &world.engine);
    world.fill(true);
    let ticket = world.write(b"a");
    let mut waiting = pin!(committer.committed(engine, ticket, First::Ready));
    assert!(poll(waiting.as_mut()).is_pending());
    for _ in 0..2 {
        committer.serve_always(engine, Duration::ZERO).unwrap();
        assert!(poll(waiting.as_mut()).is_pending());
        assert_eq!(committer.durable(), 0);
    }
    world.fill(false);
    world.relieve();
    assert!(poll(waiting.as_mut()).is_pending(), "appended is not synced");
    committer.serve_always(engine, Duration::ZERO).unwrap();
    assert!(matches!(poll(waiting.as_mut()), Poll::Ready(Ok(()))));
}

#[test]
fn a_cut_waits_for_what_is_held_and_stands_right_behind_it() {
    let world = World::new(Arc::default());
    world.fill(true);
    world.write(b"a");
    std::thread::scope(|scope| {
        let cut = scope.spawn(|| world.committer.cut(&world.engine, |engine| engine.store.has_uncommitted()).unwrap());
        while !world.refuses() {
            std::thread::yield_now();
        }
        let later = world.write(b"b");
        world.fill(false);
        world.relieve();
        assert!(world.committer.append(&world.engine, later).unwrap());
        assert_eq!(cut.join().unwrap().0.commit, 1, "later commits are not in it");
    });
    assert_eq!(world.replayed(), ["aa", "bb"]);
}

#[test]
fn the_end_does_not_wait_for_room() {
    for closed_first in [false, true] {
        let world = World::new(Arc::default());
        let (committer, engine) = (&world.committer, &world.engine);
        world.fill(true);
        let ticket = world.write(b"a");
        let mut waiting = pin!(committer.committed(engine, ticket, First::Ready));
        assert!(settled(waiting.as_mut()).is_pending());
        let ended = if closed_first { committer.close(engine) } else { committer.relieve(engine, true) };
        assert!(ended.is_err_and(|failed| failed.to_string().contains("write journal here")));
        assert!(matches!(poll(waiting.as_mut()), Poll::Ready(Err(_))), "it was never acknowledged");
    }
    let world = World::new(Arc::default());
    world.fill(true);
    assert!(!world.committer.append(&world.engine, world.write(b"a")).unwrap());
    world.write(b"b");
    world.fill(false);
    world.committer.close(&world.engine).unwrap();
    assert_eq!(world.replayed(), ["aa", "bb"], "there was room in the end");
}

#[test]
fn any_other_failure_ends_all_commits() {
    struct Broken(Disk);
    impl Journal for Broken {
        fn replay(&mut self, applied: Mark, visit: &mut dyn FnMut(u64, &[u8]) -> Result<()>) -> Result<Mark> {
            self.0.replay(applied, visit)
        }
        fn append(&mut self, _: &[u8]) -> Result<Mark> {
            Err(StorageError::io("write journal", "here")(ErrorKind::PermissionDenied.into()))
        }
        fn syncer(&self) -> Arc<dyn Syncer> {
            self.0.syncer()
        }
        fn release_through(&mut self, commit: u64) -> Released {
            self.0.release_through(commit)
        }
        fn live_bytes(&self) -> u64 {
            0
        }
    }
    let world = World::new(Arc::default());
    let committer = Committer::new(Box::new(Broken(world.disk.clone())), Mark::default(), Arc::default());
    assert!(committer.append(&world.engine, world.write(b"a")).is_err());
    assert!(committer.check().is_err() && !world.refuses());
}

#[test]
fn nothing_is_appended_behind_a_batch_that_a_panic_has_lost() {
    let world = World::new(Arc::default());
    let lost = world.write(b"lost");
    world.disk.panics.store(true, Ordering::Relaxed);
    let append = || world.committer.append(&world.engine, lost);
    assert!(std::panic::catch_unwind(std::panic::AssertUnwindSafe(append)).is_err());
    world.disk.panics.store(false, Ordering::Relaxed);
    let later = world.write(b"later");
    assert!(world.committer.append(&world.engine, later).is_err());
    assert!(world.committer.append(&world.engine, lost).is_err(), "what was lost was acknowledged");
}
