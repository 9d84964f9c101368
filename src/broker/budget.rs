//! How the memory budget (`maxmemory`) is shared out. One place, so that the parts add up.
//!
//! | part | share | why |
//! |---|---|---|
//! | chunks in memory | 1/4 | readers that keep up never touch the disk |
//! | RocksDB: block cache, and write buffers of half its size | 3/16 | cold reads; what settles |
//! | what is not settled yet | 1/8, and about twice as much while it settles | only what is on disk can be dropped |
//! | objects, clients, replies | the rest | |

use super::engine::Engine;
use crate::config::{Config, Fsync};
#[cfg(feature = "rocksdb")]
use brooklet_storage::progress::Progress;
use brooklet_storage::stream::log::NodeLimits;
#[cfg(feature = "rocksdb")]
use std::sync::Arc;

/// What the last look at memory found. Looked at outside the engine lock about twenty times a second: by the settler,
/// which gives memory back where it can, or by the timer of a broker that keeps nothing on disk and so never can.
#[derive(Clone, Copy, Debug, Default)]
pub struct MemoryState {
    /// Bytes in use.
    pub used: u64,
    /// Whether nothing more can be given back: the settler saw memory above the budget for longer than [`PATIENCE_US`]
    /// and freed nothing in that time, or too little for [`LONG_PATIENCE_US`]. Commands that need memory are refused.
    pub stuck: bool,
    /// Whether memory is a quarter above the budget: writes come faster than they settle, and have to wait.
    pub pressed: bool,
    /// Bytes that the process had in use before the broker came into it.
    baseline: u64,
    /// The budget guides what stays in memory and refuses nothing: the rest of the process is somebody else's.
    advisory: bool,
    pub(super) over_since_us: Option<u64>,
    pub(super) pressed_since_us: Option<u64>,
}

/// How long memory may stay above its budget, with nothing freed, before writes are refused.
const PATIENCE_US: u64 = 2_000_000;
/// How long it may stay a quarter above, whatever is freed.
const LONG_PATIENCE_US: u64 = 10_000_000;

impl MemoryState {
    /// Whether the last look found more in use than the budget.
    pub fn is_over(&self) -> bool {
        self.over_since_us.is_some()
    }

    /// Notes how much is in use. The timer looks more often than the settler, which may be writing.
    pub fn measured(&mut self, used: u64, budget: u64) {
        self.used = used.saturating_sub(self.baseline);
        self.pressed = !self.advisory && self.used > budget.saturating_add(budget / 4);
    }

    /// The same for a broker that keeps nothing on disk: there is no settler, and nothing that it could give back.
    pub fn measured_volatile(&mut self, used: u64) {
        self.used = used.saturating_sub(self.baseline);
        self.stuck = !self.advisory;
    }

    /// The broker is part of a process that has `baseline` bytes in use already. `advisory`: nobody said how much the
    /// broker may have.
    pub fn embed(&mut self, baseline: u64, advisory: bool) {
        *self = MemoryState { baseline, advisory, ..MemoryState::default() };
    }

    /// Whether memory is so far below the budget that nothing has to be given back soon.
    pub fn is_far_below(&self, budget: u64) -> bool {
        self.used < budget / 2
    }

    /// Bytes in use in the whole process.
    pub fn total(&self) -> u64 {
        self.used + self.baseline
    }

    /// Bytes above the budget.
    pub fn excess(&self, used: u64, budget: u64) -> usize {
        usize::try_from(used.saturating_sub(self.baseline).saturating_sub(budget)).unwrap_or(usize::MAX)
    }

    /// Notes a look of the settler that found `used` bytes and gave `freed` back.
    pub fn looked(&mut self, used: u64, freed: usize, budget: u64, now_us: u64) {
        self.measured(used, budget);
        let used = self.used;
        if used <= budget || freed > 0 {
            self.over_since_us = None;
        }
        if !self.pressed {
            self.pressed_since_us = None;
        }
        let over_since = if used > budget { *self.over_since_us.get_or_insert(now_us) } else { now_us };
        let pressed_since = if self.pressed { *self.pressed_since_us.get_or_insert(now_us) } else { now_us };
        let patience_is_over = now_us.saturating_sub(over_since) >= PATIENCE_US
            || now_us.saturating_sub(pressed_since) >= LONG_PATIENCE_US;
        self.stuck = patience_is_over && !self.advisory;
    }
}

impl Engine {
    /// Whether commands that need memory are refused: it is over the budget and cannot be given back.
    #[inline]
    pub fn is_out_of_memory(&self) -> bool {
        self.memory.stuck && self.memory.used > self.config.memory_budget()
    }
}

/// Bytes of chunks that stay in memory: a megabyte of the most recent ones at least.
pub fn chunk_bytes(config: &Config) -> usize {
    usize::try_from(config.memory_budget() / 4).unwrap_or(usize::MAX).max(1 << 20)
}

/// Bytes of a stream that may be loaded for one call: as many as all chunks in memory may have.
pub fn loaded_bytes(config: &Config) -> u64 {
    (config.memory_budget() / 4).max(16 << 20)
}

/// Journal bytes that start a checkpoint.
pub fn checkpoint_bytes(config: &Config) -> u64 {
    config.checkpoint_bytes.min(config.memory_budget() / 8).max(1 << 20)
}

/// Journal bytes from which on writes wait for checkpoints. So much a restart may have to replay.
pub fn backlog_bytes(config: &Config) -> u64 {
    checkpoint_bytes(config).saturating_mul(8)
}

/// Bytes that may wait for a sync, on a disk that takes them in time. Who syncs never waits for none.
pub fn unsynced_bytes(config: &Config) -> u64 {
    if config.appendfsync == Fsync::No { 0 } else { checkpoint_bytes(config) }
}

/// How large the nodes are in which `~` trims.
pub fn node_limits(config: &Config) -> NodeLimits {
    let cap = |n: u64| u32::try_from(n).unwrap_or(u32::MAX);
    NodeLimits { entries: cap(config.stream_node_max_entries), bytes: cap(config.stream_node_max_bytes) }
}

/// How to open the data folder.
#[cfg(feature = "rocksdb")]
pub fn folder_options(config: &Config, progress: Arc<Progress>) -> brooklet_storage::open::FolderOptions {
    use brooklet_storage::backend::rocks::Options;
    use brooklet_storage::journal::FileJournalOptions;
    let cache_bytes = (config.memory_budget() / 8).clamp(8 << 20, 1 << 30) as usize;
    brooklet_storage::open::FolderOptions {
        databases: config.databases as usize,
        node_limits: node_limits(config),
        // As many files as a checkpoint gives back: with fewer, some would be deleted and written anew each time.
        journal: FileJournalOptions {
            segment_bytes: config.journal_segment_bytes,
            spare_bytes: checkpoint_bytes(config).saturating_add(config.journal_segment_bytes.saturating_mul(2)),
            ..Default::default()
        },
        backend: Options { cache_bytes, write_buffer_bytes: cache_bytes / 2, ..Options::default() },
        accept_data_loss: config.accept_data_loss,
        progress,
    }
}
