//! A backend that waits for room: what finds the disk full is tried again until there is some, or nobody wants to wait.
//!
//! Must never know: how long, and who waits. A write that failed was not applied, so trying the same one again keeps the order.

use super::{Backend, BackendStats, Space, Visit, Write};
use crate::error::{Result, StorageError};
use std::path::Path;
use std::sync::Arc;

/// Called with the error of a full disk: waits a moment, and says whether to try again.
pub type Wait = dyn Fn(&StorageError) -> bool + Send + Sync;

/// See the module.
pub struct Patient {
    inner: Arc<dyn Backend>,
    wait: Box<Wait>,
}

impl Patient {
    /// `inner`, with patience.
    pub fn new(inner: Arc<dyn Backend>, wait: Box<Wait>) -> Patient {
        Patient { inner, wait }
    }

    fn until_there_is_room(&self, attempt: impl Fn() -> Result<()>) -> Result<()> {
        loop {
            match attempt() {
                Err(full) if full.is_full() && (self.wait)(&full) => {}
                other => return other,
            }
        }
    }
}

impl Backend for Patient {
    fn get(&self, space: Space, key: &[u8]) -> Result<Option<Vec<u8>>> {
        self.inner.get(space, key)
    }

    fn scan(&self, space: Space, from: &[u8], to: &[u8], visit: Visit<'_>) -> Result<()> {
        self.inner.scan(space, from, to, visit)
    }

    fn write(&self, writes: &[Write]) -> Result<()> {
        self.until_there_is_room(|| self.inner.write(writes))
    }

    fn flush(&self) -> Result<()> {
        self.until_there_is_room(|| self.inner.flush())
    }

    fn reclaim(&self, space: Space, from: &[u8], to: &[u8]) -> Result<()> {
        self.until_there_is_room(|| self.inner.reclaim(space, from, to))
    }

    fn tidy(&self) -> Result<usize> {
        self.inner.tidy()
    }

    fn snapshot(&self, path: &Path) -> Result<()> {
        self.inner.snapshot(path)
    }

    fn scrub(&self, found: &mut dyn FnMut(StorageError)) {
        self.inner.scrub(found);
    }

    fn stats(&self) -> BackendStats {
        self.inner.stats()
    }
}

#[cfg(all(test, feature = "memory"))]
mod tests {
    use super::*;
    use crate::backend::memory::Memory;
    use bytes::Bytes;
    use std::io::ErrorKind;
    use std::sync::atomic::{AtomicU32, Ordering};

    /// Fails so many times.
    struct Full {
        inner: Memory,
        left: AtomicU32,
        kind: ErrorKind,
    }

    impl Full {
        fn fails(&self) -> Result<()> {
            let left = self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1));
            if left.is_ok() { Err(StorageError::io("write", "here")(self.kind.into())) } else { Ok(()) }
        }
    }

    impl Backend for Full {
        fn get(&self, space: Space, key: &[u8]) -> Result<Option<Vec<u8>>> {
            self.inner.get(space, key)
        }

        fn scan(&self, space: Space, from: &[u8], to: &[u8], visit: Visit<'_>) -> Result<()> {
            self.inner.scan(space, from, to, visit)
        }

        fn write(&self, writes: &[Write]) -> Result<()> {
            self.fails()?;
            self.inner.write(writes)
        }

        fn flush(&self) -> Result<()> {
            self.fails()?;
            self.inner.flush()
        }

        fn reclaim(&self, space: Space, from: &[u8], to: &[u8]) -> Result<()> {
            self.fails()?;
            self.inner.reclaim(space, from, to)
        }

        fn stats(&self) -> BackendStats {
            self.inner.stats()
        }
    }

    /// A backend that fails `times` times, and how often whoever waits was asked; it gives up at the fifth time.
    fn patient(times: u32, kind: ErrorKind) -> (Patient, Arc<AtomicU32>) {
        let asked = Arc::new(AtomicU32::new(0));
        let counter = Arc::clone(&asked);
        let wait = move |_: &StorageError| counter.fetch_add(1, Ordering::Relaxed) < 4;
        let inner = Full { inner: Memory::new(), left: AtomicU32::new(times), kind };
        (Patient::new(Arc::new(inner), Box::new(wait)), asked)
    }

    fn put() -> [Write; 1] {
        [Write::Put(Space::Meta, b"k".to_vec(), Bytes::from_static(b"v"))]
    }

    #[test]
    fn a_full_disk_is_waited_for() {
        let (backend, asked) = patient(3, ErrorKind::StorageFull);
        backend.write(&put()).unwrap();
        assert_eq!((backend.get(Space::Meta, b"k").unwrap(), asked.load(Ordering::Relaxed)), (Some(b"v".to_vec()), 3));
    }

    #[test]
    fn not_for_ever_and_not_for_anything_else() {
        let (backend, asked) = patient(9, ErrorKind::StorageFull);
        assert!(backend.flush().unwrap_err().is_full());
        assert_eq!(asked.load(Ordering::Relaxed), 5);
        let (backend, asked) = patient(1, ErrorKind::PermissionDenied);
        assert!(backend.write(&put()).is_err());
        assert_eq!(asked.load(Ordering::Relaxed), 0);
    }
}
