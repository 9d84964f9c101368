//! The journal's side under its lock, and what a panic there means.

use super::{Append, Committer};
use brooklet_storage::StorageError;
use parking_lot::MutexGuard;
use std::ops::{Deref, DerefMut};

/// Held by whoever appends. A panic under it may have lost a batch that was executed: it ends all commits while the lock is
/// still held, or whoever takes it next would acknowledge what comes after the gap, and some of what is in it.
pub(super) struct Side<'a> {
    append: MutexGuard<'a, Append>,
    committer: &'a Committer,
}

impl<'a> Side<'a> {
    /// Waits for it.
    #[inline]
    pub fn of(committer: &'a Committer) -> Side<'a> {
        Side { append: committer.journal.lock(), committer }
    }
}

impl Deref for Side<'_> {
    type Target = Append;

    #[inline]
    fn deref(&self) -> &Append {
        &self.append
    }
}

impl DerefMut for Side<'_> {
    #[inline]
    fn deref_mut(&mut self) -> &mut Append {
        &mut self.append
    }
}

impl Drop for Side<'_> {
    #[inline]
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.committer.fail(&StorageError::Poisoned("a commit panicked".into()));
        }
    }
}
