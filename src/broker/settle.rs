//! The threads behind the engine: the committer (`always`), the one that syncs each second, the one that prepares journal
//! files, the one that settles.
//!
//! None of them holds the engine lock while it touches the disk. The settler gathers in slices, so that a checkpoint
//! never stops the world for longer than its last slice.

use super::backup::Maker;
use super::budget::MemoryState;
use super::commit::CommitFailed;
use super::shared::{Shared, Threads};
use super::{budget, threads};
use crate::config::Fsync;
use brooklet_storage::StorageError;
use brooklet_storage::backend::patient::Wait;
use brooklet_storage::checkpoint::{Gathered, Meta, Settler, Slice};
use brooklet_storage::failpoint::{self, Point};
use brooklet_storage::folder::DataFolder;
use brooklet_storage::journal::Mark;
use brooklet_storage::watermark::Watermark;
use parking_lot::Mutex;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Dirty objects gathered under one hold of the lock.
const SLICE: usize = 256;
/// Slices of one pass at most: an object that changes faster than it is gathered must not hold it up for ever.
const SLICES: usize = 1 << 16;
/// Passes that leave more dirty objects than this, or so many bytes of them, are followed by another one before the last
/// slice.
const FEW: usize = 1024;
const FEW_BYTES: u64 = 8 << 20;
/// Passes over objects that get dirty again before the last slice takes the rest.
const PASSES: usize = 8;
/// Checkpoints that only serve to free memory are at least so many microseconds apart.
const MEMORY_CHECKPOINT_US: u64 = 5_000_000;
/// The same while writes wait for memory.
const PRESSED_CHECKPOINT_US: u64 = 200_000;
/// Objects looked at under one hold of the lock when memory is short, and how often in one look.
const EVICT_SLICE: usize = 2048;
const EVICT_SLICES: usize = 64;
/// Keys past their deadline that are loaded to be deleted: together, and how often in one look.
const COLD_BATCH: usize = 64;
const COLD_BATCHES: usize = 16;
/// How often the settler looks around.
const LOOK: Duration = Duration::from_millis(50);

/// Starts the threads; they end when the broker does.
pub fn start(shared: &Arc<Shared>, mut settler: Settler, watermark: Watermark, folder: DataFolder) -> Threads {
    let failed: Arc<dyn Fn(String) + Send + Sync> = {
        let shared = Arc::clone(shared);
        Arc::new(move |why| {
            shared.committer().fail(&StorageError::Poisoned(why));
        })
    };
    settler.be_patient(patience(Arc::clone(shared)));
    let done = Arc::new(AtomicBool::new(false));
    let [a, b, c, d] = [(); 4].map(|()| Arc::clone(shared));
    let done_b = Arc::clone(&done);
    let data = folder.path().to_path_buf();
    let folder = Arc::new(folder);
    let watermark = Arc::new(Mutex::new(watermark));
    let watermark_a = Arc::clone(&watermark);
    let folder_d = Arc::clone(&folder);
    [
        threads::start("settler", Arc::clone(&failed), move || {
            let _done = SetOnDrop(done);
            settle_until_ended(&a, settler, Maker::of(&data), &watermark_a);
        }),
        // It holds the folder's lock until the settler is done and the last mark is noted; so does whoever makes files.
        threads::start("syncer", Arc::clone(&failed), move || sync_until_done(&b, &watermark, &done_b, folder)),
        threads::start("preparer", Arc::clone(&failed), move || prepare_until_done(&d, folder_d)),
        threads::start("committer", failed, move || commit_until_done(&c)),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// Tells that a thread has ended, also when it panicked.
struct SetOnDrop(Arc<AtomicBool>);

impl Drop for SetOnDrop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Release);
    }
}

fn commit_until_done(shared: &Shared) {
    while !shared.tasks().is_finishing() {
        if shared.committer().serve_always(shared.engine_lock(), LOOK).is_err() {
            return;
        }
    }
}

fn sync_until_done(shared: &Shared, watermark: &Mutex<Watermark>, done: &AtomicBool, folder: Arc<DataFolder>) {
    let mut last_sync_us = 0;
    loop {
        let last_round = done.load(Ordering::Acquire) && shared.tasks().is_finishing();
        let (policy, noted_every_ms) = {
            let engine = shared.engine();
            (engine.config.appendfsync, engine.config.watermark_interval_ms)
        };
        let due = match policy {
            Fsync::Always => noted_every_ms.min(100) * 1000,
            Fsync::EverySecond => 1_000_000,
            Fsync::No => u64::MAX,
        };
        let now_us = shared.clock().monotonic_us();
        let asked = shared.tasks().sync().wanted.load(Ordering::Acquire) > shared.committer().durable();
        let much = shared.tasks().sync().pressure.wants_sync();
        if last_round || asked || much || now_us.saturating_sub(last_sync_us) >= due {
            last_sync_us = now_us;
            if shared.tasks().ending() == Some(super::tasks::Ending::Abrupt) {
                return;
            }
            if asked && append_all(shared).is_err() {
                return;
            }
            failpoint::pass(Point::SyncerTurn);
            let Ok(mark) = shared.committer().sync() else { return };
            if let Err(error) = note(watermark, mark) {
                shared.committer().fail(&error);
                return;
            }
        }
        if last_round {
            failpoint::pass(Point::SyncerEnd);
            drop(folder);
            return;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Notes what is durable.
fn note(watermark: &Mutex<Watermark>, mark: Mark) -> Result<(), StorageError> {
    match watermark.lock().advance(mark, true) {
        // It is lower than it could be, until the next time.
        Err(full) if full.is_full() => Ok(()),
        noted => noted,
    }
}

/// Fills the journal's next file, and looks whether a full disk has room again. On a thread of its own: that writes and
/// syncs a whole segment, and neither the sync of each second nor a checkpoint should wait for it.
fn prepare_until_done(shared: &Shared, _folder: Arc<DataFolder>) {
    let mut rest = Duration::ZERO;
    while !shared.tasks().is_finishing() {
        rest = rest.saturating_sub(LOOK);
        if rest.is_zero() {
            failpoint::pass(Point::PreparerTurn);
            rest = shared.committer().prepare();
        }
        if shared.committer().relieve(shared.engine_lock(), shared.tasks().ending().is_some()).is_err() {
            return;
        }
        std::thread::sleep(LOOK);
    }
}

/// Appends what is executed but not committed yet, so that a sync covers it.
fn append_all(shared: &Shared) -> Result<(), CommitFailed> {
    let ticket = shared.engine().ticket();
    shared.committer().append(shared.engine_lock(), ticket).map(drop)
}

fn settle_until_ended(shared: &Arc<Shared>, mut settler: Settler, mut maker: Maker, watermark: &Mutex<Watermark>) {
    let mut hand = (0, 0);
    let mut last_us = shared.clock().monotonic_us();
    loop {
        let ending = shared.tasks().ending();
        if ending == Some(super::tasks::Ending::Abrupt) {
            return;
        }
        let now_us = shared.clock().monotonic_us();
        let asked = shared.tasks().take_checkpoint_request();
        if ending.is_some() {
            // No checkpoint: the journal is synced, a restart replays it. So an orderly end takes no longer than a sync.
            return;
        }
        failpoint::pass(Point::SettlerTurn);
        let backup = maker.due(shared);
        if asked.is_some() || backup.is_some() || checkpoint_due(shared, now_us.saturating_sub(last_us)) {
            last_us = now_us;
            let objects = shared.engine().store.dirty_objects();
            shared.tasks().checkpoint_began((shared.clock().now_ms() / 1000) as u64, objects);
            let done = checkpoint(shared, &mut settler, watermark, asked, backup.is_some());
            shared.tasks().checkpoint_ended();
            match done {
                Ok(mark) => {
                    if let (Some(mark), Some(request)) = (mark, backup) {
                        maker.make(shared, &**settler.backend(), mark, request);
                    }
                }
                Err(failed) => {
                    tracing::error!("checkpoint: {failed}");
                    return;
                }
            }
        }
        let memory = keep_within_budget(shared, &mut hand);
        let patience_us = if memory.pressed { PRESSED_CHECKPOINT_US } else { MEMORY_CHECKPOINT_US };
        if memory.is_over() && now_us.saturating_sub(last_us) >= patience_us {
            // Only what is on disk can be dropped from memory.
            shared.tasks().request_checkpoint();
        }
        sweep_cold(shared);
        std::thread::sleep(LOOK);
    }
}

fn checkpoint_due(shared: &Shared, since_us: u64) -> bool {
    let (live, closed) = (shared.committer().journal_bytes(), shared.committer().closed_journal_bytes());
    let engine = shared.engine();
    let late = since_us >= engine.config.checkpoint_interval_s.saturating_mul(1_000_000);
    let bytes = budget::checkpoint_bytes(&engine.config);
    // A process that dies soon after each start begins a file each time, and never lives to see the interval.
    let scattered = closed >= bytes.saturating_add(engine.config.journal_segment_bytes.saturating_mul(2));
    live >= bytes || scattered || (late && engine.store.dirty_objects() > 0)
}

/// Waits for room on the disk, unless the broker is to end: what is not settled is in the journal.
fn patience(shared: Arc<Shared>) -> Box<Wait> {
    let is_told = AtomicBool::new(false);
    Box::new(move |full| {
        if !is_told.swap(true, Ordering::Relaxed) {
            tracing::error!("checkpoint: {full}; it goes on when there is room");
        }
        std::thread::sleep(LOOK);
        shared.tasks().ending().is_none()
    })
}

/// One checkpoint. See `brooklet_storage::checkpoint` for why slices add up to one state.
/// `whole`: also if nothing has changed. Answers where the store stands on disk now, unless there was nothing to do.
fn checkpoint(
    shared: &Shared,
    settler: &mut Settler,
    watermark: &Mutex<Watermark>,
    asked: Option<u64>,
    whole: bool,
) -> Result<Option<Mark>, CommitFailed> {
    let fail = |e: StorageError| failed(shared, &e);
    let (mut gathered, mut before) = (Gathered::default(), 0);
    for _ in 0..PASSES {
        let (pass, bytes) = (gather_pass(shared, settler, &mut gathered).map_err(fail)?, gathered.bytes());
        let left = shared.engine().store.dirty_objects();
        // What is left is about as large as what was gathered: the last slice copies it under one hold of the lock.
        let mean = bytes.saturating_sub(before) / pass.max(1) as u64;
        before = bytes;
        if left <= FEW && left as u64 * mean <= FEW_BYTES {
            break;
        }
    }
    let meta = cut(shared, settler, &mut gathered)?;
    if gathered.is_empty() && asked.is_none() && !whole && meta.applied.commit == 0 {
        return Ok(None);
    }
    complete(shared, settler, Some(watermark), gathered, &meta, asked)?;
    Ok(Some(meta.applied))
}

/// What became of a checkpoint that found an error. On a full disk an end is orderly all the same: the journal has everything.
fn failed(shared: &Shared, why: &StorageError) -> CommitFailed {
    match shared.tasks().ending() {
        Some(_) if why.is_full() => CommitFailed(why.to_string().into()),
        _ => shared.committer().fail(why),
    }
}

/// The last slice of a checkpoint: all that is dirty, at the commit that the answer names.
pub fn cut(shared: &Shared, settler: &Settler, gathered: &mut Gathered) -> Result<Meta, CommitFailed> {
    let epoch = settler.epoch();
    let (applied, meta) = shared.committer().cut(shared.engine_lock(), |engine| {
        failpoint::pass(Point::CheckpointCut);
        engine.store.gather(epoch, usize::MAX, gathered);
        engine.store.meta(Default::default(), epoch)
    })?;
    Ok(Meta { applied, ..meta })
}

/// Writes a checkpoint that was cut, and lets go of the journal before it.
pub fn complete(
    shared: &Shared,
    settler: &mut Settler,
    watermark: Option<&Mutex<Watermark>>,
    gathered: Gathered,
    meta: &Meta,
    asked: Option<u64>,
) -> Result<(), CommitFailed> {
    let fail = |e: StorageError| failed(shared, &e);
    failpoint::at(Point::CheckpointSync).map_err(fail)?;
    shared.committer().sync()?;
    settler.complete(gathered, meta).map_err(fail)?;
    if let Some(watermark) = watermark {
        failpoint::at(Point::CheckpointNote).map_err(fail)?;
        // Before the journal forgets it: RocksDB opens an older state without a word if the end of its list of files is lost.
        note(watermark, meta.applied).map_err(fail)?;
    }
    failpoint::pass(Point::CheckpointRelease);
    shared.committer().drop_through(meta.applied.commit)?;
    failpoint::pass(Point::CheckpointDone);
    let now_s = (shared.clock().now_ms() / 1000) as u64;
    shared.engine().store.completed(meta.epoch);
    shared.tasks().checkpoint_done(now_s, asked);
    settler.backend().tidy().map(drop).map_err(fail)
}

/// One slice of at most so many objects, under one hold of the lock.
pub fn gather_slice(
    shared: &Shared,
    settler: &Settler,
    gathered: &mut Gathered,
    objects: usize,
) -> Result<Slice, StorageError> {
    failpoint::at(Point::CheckpointGather)?;
    let slice = shared.engine().store.gather(settler.epoch(), objects, gathered);
    settler.write_chunks(gathered)?;
    Ok(slice)
}

/// Gathers in slices what is dirty now; how much that was.
fn gather_pass(shared: &Shared, settler: &Settler, gathered: &mut Gathered) -> Result<usize, StorageError> {
    let dirty = shared.engine().store.dirty_objects();
    let mut taken = 0;
    for _ in 0..SLICES {
        let slice = gather_slice(shared, settler, gathered, SLICE)?;
        taken += slice.taken;
        shared.tasks().checkpoint_gathered(slice.taken);
        if !slice.more || taken >= dirty {
            break;
        }
    }
    Ok(taken)
}

/// Drops old chunks and, when memory is short, old objects; says how the memory stands.
fn keep_within_budget(shared: &Shared, hand: &mut (u32, u32)) -> MemoryState {
    let (known, budget) = {
        let engine = shared.engine();
        (engine.memory, engine.config.memory_budget())
    };
    // Far from the budget the timer's look is good enough.
    let used = if known.is_far_below(budget) { known.total() } else { crate::telemetry::memory::used() };
    let over = known.excess(used, budget);
    {
        let mut engine = shared.engine();
        engine.stats.peak_memory = engine.stats.peak_memory.max(used);
        let keep = budget::chunk_bytes(&engine.config);
        engine.store.evict_chunks(keep, 4096);
    }
    let mut freed = 0;
    // Slices of a turn each: others get the lock in between.
    for _ in 0..EVICT_SLICES {
        if freed >= over {
            break;
        }
        let mut engine = shared.engine();
        // What was used a moment ago stays: a command may just have loaded it.
        let spared_ms = if engine.memory.pressed { 100 } else { 1000 };
        let before_ms = engine.clock.now_ms() - spared_ms;
        let slice;
        (slice, *hand) = engine.store.evict_objects(*hand, EVICT_SLICE, before_ms, over - freed);
        freed += slice;
    }
    let buried = shared.engine().store.take_graveyard();
    failpoint::pass(Point::Graveyard);
    drop(buried);
    let mut engine = shared.engine();
    engine.memory.looked(used, freed, budget, shared.clock().monotonic_us());
    engine.memory
}

/// Loads some keys that are past their deadline and only on disk, and deletes them.
pub fn sweep_cold(shared: &Shared) {
    for _ in 0..COLD_BATCHES {
        let now_ms = shared.clock().now_ms();
        let missing = {
            let engine = shared.engine();
            if engine.stats.active_expire && !engine.is_held() {
                engine.store.expired_cold(now_ms, COLD_BATCH)
            } else {
                None
            }
        };
        let Some(Ok(loaded)) = missing.map(|missing| shared.load(missing)) else { return };
        let mut engine = shared.engine();
        if engine.is_held() {
            // Another time: this deletes.
            return;
        }
        engine.store.now_ms = now_ms;
        engine.store.install_expired(loaded, now_ms);
        engine.note_changes();
    }
}
