//! How the memory budget (`maxmemory`) is shared out. One place, so that the parts add up.
//!
//! | part | share | why |
//! |---|---|---|
//! | chunks in memory | 1/4 | readers that keep up never touch the disk |
//! | RocksDB block cache with its write buffers | 1/8 | cold reads; what settles |
//! | journal not yet settled | 1/4 | sealed chunks cannot be dropped before they are on disk |
//! | objects, clients, replies | the rest | |

use crate::config::Config;

/// Chunks of 16 KiB that stay in memory.
pub fn resident_chunks(config: &Config) -> usize {
    (config.memory_budget() / 4 / 16_384).max(64) as usize
}

/// Journal bytes that start a checkpoint.
pub fn checkpoint_bytes(config: &Config) -> u64 {
    config.checkpoint_bytes.min(config.memory_budget() / 4).max(1 << 20)
}

/// How to open the data folder.
#[cfg(feature = "rocksdb")]
pub fn folder_options(config: &Config) -> brooklet_storage::open::FolderOptions {
    use brooklet_storage::backend::rocks::Options;
    use brooklet_storage::journal::FileJournalOptions;
    let cache_bytes = (config.memory_budget() / 8).clamp(8 << 20, 1 << 30) as usize;
    brooklet_storage::open::FolderOptions {
        databases: config.databases as usize,
        journal: FileJournalOptions { segment_bytes: config.journal_segment_bytes, ..Default::default() },
        backend: Options { cache_bytes, write_buffer_bytes: cache_bytes / 2, ..Options::default() },
        accept_data_loss: config.accept_data_loss,
    }
}
