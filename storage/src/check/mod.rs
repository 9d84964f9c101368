//! The offline check of a data folder: everything that is read at some time is read now, and compared with everything
//! that says something about it.
//!
//! Never writes, and never stops at what it finds where going on is possible: [`Report`] has it all. In memory are one
//! key's records at a time, of a stream one chunk at a time. Must never know: the broker, the terminal.
//! Read next: `folder.rs` (the order of things), `records.rs` (every key), `stream.rs`, `journal.rs`.

mod folder;
mod groups;
mod journal;
mod orphans;
mod records;
mod report;
mod stream;
#[cfg(all(test, feature = "memory"))]
mod tests;
mod value;

pub use folder::check_folder_over;
pub use records::check_records;
pub use report::{Finding, Kind, Looked, Place, Report};

use crate::backend::Backend;
use crate::checkpoint::Meta;
use crate::progress::Progress;
use std::collections::BTreeMap;

/// One pass over the records of a store.
struct Check<'a> {
    backend: &'a dyn Backend,
    meta: &'a Meta,
    progress: &'a Progress,
    report: &'a mut Report,
    /// Chunks on disk to which the indexes of streams refer, by epoch and physical database.
    referred: BTreeMap<(u32, u32), u64>,
}

/// The key that is looked at.
#[derive(Clone, Copy)]
struct At<'a> {
    db: u32,
    physical: u32,
    uid: u64,
    name: &'a [u8],
}

impl Check<'_> {
    /// Something is wrong with a key.
    fn found(&mut self, kind: Kind, at: At<'_>, text: impl Into<String>) {
        self.report.found(kind, Place::Key { db: at.db, name: at.name.into() }, text);
    }
}
