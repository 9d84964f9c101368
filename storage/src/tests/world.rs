//! A store in its surroundings: a journal, a backend that can lose power, a checkpoint that may be half way, loads that
//! come late, and the model beside it. Everything a broker does with a store is done here in the same order.

use super::model::State;
use super::view;
use crate::backend::memory::{LateReclaims, Memory};
use crate::backend::{Backend, BackendStats, Space, Visit, Write};
use crate::check::{Report, check_records};
use crate::checkpoint::{Gathered, Meta, Settler};
use crate::error::{Result, StorageError};
use crate::journal::{Journal, Mark, MemoryJournal};
use crate::keyspace::object::Value;
use crate::load::{Loaded, Missing};
use crate::open::open;
use crate::progress::Progress;
use crate::store::{Key, Store};
use crate::stream::log::Cold;
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

pub const DATABASES: usize = 3;

/// A backend whose power fails after so many changes.
pub struct Frail {
    pub inner: Memory,
    pub left: AtomicUsize,
}

impl Frail {
    fn new(inner: Memory) -> Arc<Frail> {
        Arc::new(Frail { inner, left: AtomicUsize::new(usize::MAX) })
    }

    fn spend(&self) -> Result<()> {
        let spent = self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |n| n.checked_sub(1));
        spent.map(drop).map_err(|_| StorageError::Backend("the power failed".into()))
    }
}

impl Backend for Frail {
    fn get(&self, space: Space, key: &[u8]) -> Result<Option<Vec<u8>>> {
        self.inner.get(space, key)
    }

    fn scan(&self, space: Space, from: &[u8], to: &[u8], visit: Visit<'_>) -> Result<()> {
        self.inner.scan(space, from, to, visit)
    }

    fn write(&self, writes: &[Write]) -> Result<()> {
        self.spend()?;
        self.inner.write(writes)
    }

    fn flush(&self) -> Result<()> {
        self.spend()?;
        self.inner.flush()
    }

    fn reclaim(&self, space: Space, from: &[u8], to: &[u8]) -> Result<()> {
        self.spend()?;
        self.inner.reclaim(space, from, to)
    }

    fn stats(&self) -> BackendStats {
        self.inner.stats()
    }
}

/// A checkpoint under way.
pub enum Checkpoint {
    Gathering(Gathered),
    Cut(Gathered, Meta),
}

/// Whatever the moment of a crash: an offline check has nothing to find.
fn is_sound(backend: &dyn Backend) {
    let mut report = Report::default();
    check_records(backend, &Progress::default(), &mut report);
    // Some tests append bytes that are no fields.
    let found: Vec<_> =
        report.findings.iter().filter(|finding| !finding.text.contains("the fields of entry")).collect();
    assert!(found.is_empty(), "{found:?}");
}

pub struct World {
    pub backend: Arc<Frail>,
    pub journal: MemoryJournal,
    pub store: Store,
    pub settler: Settler,
    pub checkpoint: Option<Checkpoint>,
    /// What the store should hold now, uncommitted changes included.
    pub model: State,
    /// The state at each commit that may still come back.
    pub commits: BTreeMap<u64, State>,
    pub mark: Mark,
    pub synced: u64,
    pub now_ms: i64,
    pub hand: (u32, u32),
    /// Asked for and not read yet, read and not installed yet.
    pub asked: Vec<Missing>,
    pub late: Vec<Loaded>,
}

impl World {
    pub fn new(seed: u64) -> World {
        let backend = Frail::new(Memory::crashing());
        let first = Store::new(DATABASES, seed);
        let mut settler = Settler::open(backend.clone(), 0).unwrap();
        settler.complete(Gathered::default(), &first.meta(Mark::default(), 1)).unwrap();
        World::over(backend, MemoryJournal::new(), State::new(DATABASES))
    }

    fn over(backend: Arc<Frail>, mut journal: MemoryJournal, model: State) -> World {
        is_sound(&*backend);
        let opened = open(backend.clone(), &mut journal, DATABASES, Default::default()).unwrap();
        let commits = BTreeMap::from([(opened.mark.commit, model.clone())]);
        World {
            backend,
            journal,
            store: opened.store,
            settler: opened.settler,
            checkpoint: None,
            model,
            commits,
            mark: opened.mark,
            synced: opened.mark.commit,
            now_ms: 1_000_000,
            hand: (0, 0),
            asked: Vec::new(),
            late: Vec::new(),
        }
    }

    pub fn load(&mut self, missing: Missing) {
        let loaded = missing.read(&*self.backend).expect("what is missing can be read");
        self.store.install(loaded);
    }

    /// The key `name`, loaded if need be; the model forgets it if its deadline has passed.
    pub fn key(&mut self, db: u32, name: &[u8]) -> Option<Key> {
        self.store.now_ms = self.now_ms;
        let overdue = |d: u64| d as i64 <= self.now_ms;
        if self.model.get(db, name).and_then(|o| o.deadline_ms).is_some_and(overdue) {
            self.model.take(db, name);
        }
        self.model.expire_fields(db, name, self.now_ms);
        for _ in 0..20 {
            match self.store.find(db, name) {
                Ok(found) => {
                    let expected = self.model.get(db, name).is_some();
                    assert_eq!(found.is_some(), expected, "whether {db}/{} exists", String::from_utf8_lossy(name));
                    return found;
                }
                Err(missing) => self.load(missing),
            }
        }
        panic!("{db}/{} cannot be loaded", String::from_utf8_lossy(name));
    }

    /// Asks about a key until everything the answer needs is in memory.
    pub fn ask<T>(&mut self, key: Key, ask: impl Fn(&Store) -> Result<T, Cold>) -> T {
        for _ in 0..1000 {
            match ask(&self.store) {
                Ok(answer) => return answer,
                Err(cold) => {
                    assert!(!cold.0.is_empty(), "an answer that is missing names what it misses");
                    let missing = self.store.missing_chunks(key, cold);
                    self.load(missing);
                }
            }
        }
        panic!("the chunks of {key:?} cannot be loaded");
    }

    pub fn commit(&mut self) {
        let batch = self.store.take_batch(Vec::new());
        if !batch.is_empty() {
            self.mark = self.journal.append(&batch).unwrap();
        }
        self.commits.insert(self.mark.commit, self.model.clone());
    }

    pub fn sync(&mut self) {
        self.journal.syncer().sync().unwrap();
        self.synced = self.mark.commit;
        self.commits.retain(|commit, _| *commit >= self.synced);
    }

    /// One slice of the checkpoint under way, or of a new one; `limit` objects.
    pub fn slice(&mut self, limit: usize, write: bool) {
        let mut gathered = match self.checkpoint.take() {
            Some(Checkpoint::Gathering(gathered)) => gathered,
            None => Gathered::default(),
            cut => return self.checkpoint = cut,
        };
        // Few bytes, so that large streams come in parts.
        self.store.gather_within(self.settler.epoch(), limit, limit as u64 * 1000, &mut gathered);
        if write {
            self.settler.write_chunks(&mut gathered).unwrap();
        }
        self.checkpoint = Some(Checkpoint::Gathering(gathered));
    }

    /// The last slice: the state at one commit.
    pub fn cut(&mut self) {
        let mut gathered = match self.checkpoint.take() {
            Some(Checkpoint::Gathering(gathered)) => gathered,
            None => Gathered::default(),
            cut => return self.checkpoint = cut,
        };
        let epoch = self.settler.epoch();
        self.commit();
        let slice = self.store.gather(epoch, usize::MAX, &mut gathered);
        assert!(!slice.more, "the last slice takes all the rest");
        let meta = self.store.meta(self.mark, epoch);
        self.checkpoint = Some(Checkpoint::Cut(gathered, meta));
    }

    /// Completes a cut checkpoint; false if the power failed on the way.
    pub fn complete(&mut self) -> bool {
        let (gathered, meta) = match self.checkpoint.take() {
            Some(Checkpoint::Cut(gathered, meta)) => (gathered, meta),
            other => {
                self.checkpoint = other;
                return true;
            }
        };
        self.sync();
        if self.settler.complete(gathered, &meta).is_err() {
            return false;
        }
        self.journal.drop_through(meta.applied.commit).unwrap();
        self.store.completed(meta.epoch);
        true
    }

    pub fn settle(&mut self) {
        for _ in 0..2 {
            self.cut();
            assert!(self.complete());
        }
    }

    /// The process ends, perhaps with the machine; what is on disk is opened again and must be a commit that may be.
    pub fn crash(&mut self, lose_unsynced: bool, batches: usize, late: LateReclaims) {
        if lose_unsynced {
            self.journal.lose_unsynced();
        }
        let unflushed = self.backend.inner.unflushed();
        let disk = self.backend.inner.crash_copy(batches.min(unflushed), late).unwrap();
        let (least, most) =
            if lose_unsynced { (self.synced, self.mark.commit) } else { (self.mark.commit, self.mark.commit) };
        let (mut commits, now_ms, synced) = (std::mem::take(&mut self.commits), self.now_ms, self.synced);
        *self = World::over(Frail::new(disk), self.journal.clone(), State::default());
        assert!((least..=most).contains(&self.mark.commit), "commit {} of {least}..={most}", self.mark.commit);
        self.model = commits.get(&self.mark.commit).expect("a commit that was kept in mind").clone();
        commits.retain(|commit, _| *commit <= self.mark.commit);
        // Recovery makes nothing durable: what was not synced can still be lost.
        (self.commits, self.now_ms, self.synced) = (commits, now_ms, synced);
    }

    /// A second store, opened from a copy of the disk without disturbing this one.
    pub fn twin(&self) -> World {
        let disk = self.backend.inner.crash_copy(self.backend.inner.unflushed(), LateReclaims::Done).unwrap();
        let model = self.commits[&self.mark.commit].clone();
        World { now_ms: self.now_ms, ..World::over(Frail::new(disk), self.journal.clone(), model) }
    }

    /// Compares everything that is visible with the model. Warms everything.
    pub fn verify(&mut self) {
        for db in 0..DATABASES as u32 {
            let count = self.store.database(db).len();
            assert_eq!(count, self.model.dbs[db as usize].len(), "keys in database {db}");
            let expiring = self.model.dbs[db as usize].values().filter(|o| o.deadline_ms.is_some()).count();
            if super::hash_mask() == u64::MAX {
                assert_eq!(self.store.database(db).expiring(), expiring, "keys with a deadline in {db}");
            }
            // Whatever the deadlines: what is overdue is still there until somebody looks.
            let names: Vec<Vec<u8>> = self.model.dbs[db as usize].keys().cloned().collect();
            for name in names {
                self.verify_key(db, &name);
            }
        }
    }

    pub fn verify_key(&mut self, db: u32, name: &[u8]) {
        let now_ms = std::mem::replace(&mut self.now_ms, 0);
        let Some(key) = self.key(db, name) else {
            self.now_ms = now_ms;
            return;
        };
        let mut seen = self.ask(key, |store| view::object(store.object(key)));
        let known = self.store.lease(key).map(|lease| (lease.grace_ms, lease.meta.to_vec()));
        seen.token = self.store.token(key).map(|token| (token, known));
        self.now_ms = now_ms;
        assert_eq!(Some(&seen), self.model.get(db, name), "{db}/{}", String::from_utf8_lossy(name));
    }

    pub fn records(&self, space: Space) -> usize {
        let mut n = 0;
        let count = &mut |_: &[u8], _: &[u8]| {
            n += 1;
            ControlFlow::Continue(())
        };
        self.backend.scan(space, &[], &[0xff; 64], count).unwrap();
        n
    }

    /// After a settled checkpoint: the disk holds what is needed and nothing else, and memory can be given back.
    pub fn verify_disk(&mut self) {
        self.settle();
        is_sound(&*self.backend);
        self.verify();
        let (mut keys, mut chunks, mut pending) = (0, 0, 0);
        for database in &self.store.databases {
            keys += database.len();
            for (_, object) in database.resident() {
                assert!(!object.dirty, "settled");
                if let Value::Stream(stream) = &object.value {
                    chunks += stream.log.on_disk().count();
                    pending += stream.groups().map(|(_, g)| g.pending.len()).sum::<usize>();
                }
            }
        }
        assert_eq!(self.records(Space::Names), keys, "name records");
        assert_eq!(self.records(Space::Values), keys, "value records");
        assert_eq!(self.records(Space::Pending), pending, "pending records");
        assert_eq!(self.records(Space::Chunks), chunks, "chunks on disk");
        self.store.evict_chunks(0, usize::MAX);
        for (_, object) in self.store.databases.iter().flat_map(|d| d.resident()) {
            if let Value::Stream(stream) = &object.value {
                assert_eq!(stream.log.in_memory().count(), 0, "chunks that eviction cannot reach");
            }
        }
        assert_eq!(self.store.resident_chunks(), 0, "listed chunks");
    }
}
