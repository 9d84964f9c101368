//! Every RocksDB option Brooklet sets, once, with its reason. What is not named here is RocksDB's default on purpose.
//!
//! Owns: the choice of options and the budgets behind them. Must never know: how the database is used (`mod.rs`).
//! Read next: `mod.rs`, `reclaim.rs` (the deletes these options must cope with).

use super::super::Space;
use super::watch::{Listener, Watch};
use rocksdb::{
    BlockBasedIndexType, BlockBasedOptions, Cache, ChecksumType, CompactionOptions, DBCompressionType, FlushOptions,
    LogLevel, LruCacheOptions, ReadOptions, WriteBufferManager, WriteOptions,
};
use std::sync::Arc;

const KIB: usize = 1024;
const MIB: usize = 1024 * KIB;
const DAY_SECONDS: u64 = 24 * 60 * 60;

/// How sealed chunks are compressed on disk. Both can always be read; a change applies to new files.
///
/// Measured with 100-byte JSON entries in chunks of 16 KiB (`tests/measure.rs`): LZ4 26-45 % of the raw size, zstd
/// 15-23 %; CPU of writing and flushing is 0-35 % higher with zstd (there is less to write), of reading 1.3-2 times. Of
/// random letters zstd saves a fifth, and spends a fifth of the whole server's time on it: so LZ4.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Compression {
    /// Cheaper to write and to read.
    #[default]
    Lz4,
    /// Level 1: nearly half the size, so half the wear of a flash disk.
    Zstd,
}

/// The budgets of a RocksDB backend.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Memory for cached blocks, indexes and filters, all families together.
    pub cache_bytes: usize,
    /// Memory for unflushed writes, all families together. When it is full, all families are flushed at once.
    pub write_buffer_bytes: usize,
    /// Size of a file that compaction writes. Flushes write one file per family, of any size.
    pub file_bytes: usize,
    /// Table files kept open (at least 64).
    pub max_open_files: i32,
    /// Threads for flushes and compactions together.
    pub background_jobs: i32,
    /// Upper bound of flush and compaction writes in bytes per second; 0 = unbounded.
    pub background_bytes_per_second: u64,
    /// Compression of [`Space::Chunks`]; the other spaces always use LZ4.
    pub compression: Compression,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            cache_bytes: 32 * MIB,
            write_buffer_bytes: 32 * MIB,
            file_bytes: 32 * MIB,
            max_open_files: 512,
            background_jobs: 2,
            background_bytes_per_second: 128 * MIB as u64,
            compression: Compression::default(),
        }
    }
}

/// What all families share.
pub(super) struct Shared {
    pub cache: Cache,
    pub buffers: WriteBufferManager,
}

impl Options {
    /// The cache and the write buffers, one budget: memtables are charged to the cache, so that together they stay
    /// within the sum, and blocks may use what the memtables leave.
    pub(super) fn shared(&self) -> Shared {
        let mut lru = LruCacheOptions::default();
        lru.set_capacity(self.cache_bytes + self.write_buffer_bytes);
        // Four shards: enough for two cores; more would leave each too small to hold a large block in a small cache.
        lru.set_num_shard_bits(2);
        let cache = Cache::new_lru_cache_opts(&lru);
        // Never stall writers inside the engine: backpressure is the caller's, who can see why.
        let stall = false;
        let buffers =
            WriteBufferManager::new_write_buffer_manager_with_cache(self.write_buffer_bytes, stall, cache.clone());
        Shared { cache, buffers }
    }

    /// Options of the database as a whole.
    pub(super) fn database(&self, shared: &Shared, watch: &Arc<Watch>) -> rocksdb::Options {
        let mut db = rocksdb::Options::default();
        db.create_if_missing(true);
        db.create_missing_column_families(true);
        self.durability(&mut db);
        self.background(&mut db);
        logs(&mut db);
        // One budget for the memtables of all families, charged to the cache.
        db.set_write_buffer_manager(&shared.buffers);
        // Bounded file descriptors, also on devices with a limit of 1024.
        db.set_max_open_files(self.max_open_files.max(64));
        // Opening reads no table properties: the time to open does not grow with the number of files.
        db.set_skip_stats_update_on_db_open(true);
        // Files are unlinked in the background, not by the reader that let go of them last.
        db.set_avoid_unnecessary_blocking_io(true);
        // We are blind to background errors and stalls without it.
        db.add_event_listener(Listener(Arc::clone(watch)));
        db
    }

    /// What makes "a crash leaves a prefix of whole batches" true, and damage visible.
    fn durability(&self, db: &mut rocksdb::Options) {
        // Our journal is the log and every write skips RocksDB's: without this, families would be flushed one by one
        // and a crash could keep half of a checkpoint's batch.
        db.set_atomic_flush(true);
        // Closing must not make durable what the caller did not flush; and it should be quick.
        db.set_avoid_flush_during_shutdown(true);
        // Refuse to open, or stop writing, when something on disk is not as it should be.
        db.set_paranoid_checks(true);
        // After "disk full" RocksDB retries by itself, each second, without end; the listener reports the error.
        db.set_max_bgerror_resume_count(i32::MAX);
        db.set_bgerror_resume_retry_interval(1_000_000);
        // The MANIFEST (one edit per flush and per moved file) is rewritten when it is larger than this.
        db.set_max_manifest_file_size(4 * MIB);
    }

    /// Flushes and compactions must not starve commits of CPU or of the disk.
    fn background(&self, db: &mut rocksdb::Options) {
        // Two cores: one thread flushes, one compacts.
        db.set_max_background_jobs(self.background_jobs.max(2));
        // A compaction is never split over several threads.
        db.set_max_subcompactions(1);
        // Table files go to the disk in small steps; one big sync at the end would block the journal's fdatasync.
        db.set_bytes_per_sync(512 * KIB as u64);
        // Bounds the share of the disk taken from the journal. Flushes come before compactions.
        if self.background_bytes_per_second > 0 {
            let rate = i64::try_from(self.background_bytes_per_second).unwrap_or(i64::MAX);
            db.set_ratelimiter(rate, 100_000, 10);
        }
        // Sequential reads of compactions in larger steps than a block, within a small device's memory.
        db.set_compaction_readahead_size(512 * KIB);
        // One thread writes: no need for the bookkeeping of concurrent inserts.
        db.set_allow_concurrent_memtable_write(false);
    }

    /// Options of the family that holds `space`.
    pub(super) fn family(&self, space: Space, shared: &Shared) -> rocksdb::Options {
        let mut family = rocksdb::Options::default();
        family.set_block_based_table_factory(&table(space, shared));
        self.memtable(&mut family);
        // Slow the settling down, then stop it, when compaction cannot keep up: in files ...
        family.set_level_zero_slowdown_writes_trigger(20);
        family.set_level_zero_stop_writes_trigger(36);
        // ... and in bytes still to be moved.
        family.set_soft_pending_compaction_bytes_limit(2048 * MIB);
        family.set_hard_pending_compaction_bytes_limit(8192 * MIB);
        // Level sizes follow the data: space taken by overwritten values stays near 10 %.
        family.set_level_compaction_dynamic_level_bytes(true);
        family.set_target_file_size_base(self.file_bytes as u64);
        // A file whose keys are deleted densely is compacted soon, so that scans do not walk tombstones. Files below
        // 1 MiB are not worth the wake-up.
        family.add_compact_on_deletion_collector_factory_min_file_size(128, 64, 0.5, MIB as u64);
        // Sparse tombstones move down a level each day, so their space comes back without any further write.
        family.set_ttl(DAY_SECONDS);
        match space {
            Space::Chunks => self.written_once(&mut family),
            Space::Meta | Space::Names | Space::Values | Space::Index | Space::Pending => overwritten(&mut family),
        }
        family
    }

    fn memtable(&self, family: &mut rocksdb::Options) {
        // No family is full before the common budget is: the write buffer manager alone decides when to flush.
        family.set_write_buffer_size(self.write_buffer_bytes);
        // One memtable fills while one is flushed; a third would exceed the budget.
        family.set_max_write_buffer_number(2);
        // Six families take their first arena block at once: small blocks, so that a small budget is not spent on air.
        family.set_arena_block_size((self.write_buffer_bytes / 128).clamp(32 * KIB, MIB));
        // Bit flips in memory between write and flush are found before they reach the disk. Four bytes per key.
        family.set_memtable_protection_bytes_per_key(4);
    }

    /// Chunks come in ascending epochs with disjoint key ranges: compaction should only ever move their files.
    fn written_once(&self, family: &mut rocksdb::Options) {
        // One codec on all levels: a file may only be moved down if the next level would not compress differently.
        // (So no stronger bottommost codec: it would rewrite every chunk once.)
        family.set_compression_type(self.compression.codec());
        // Window bits, level, strategy, dictionary. A dictionary would hold each file in memory.
        family.set_compression_options(-14, self.compression.level(), 0, 0);
        // Each flushed file moves down at once: only there `reclaim` can drop it whole.
        family.set_level_zero_file_num_compaction_trigger(1);
        // A flush that holds a tombstone of an old epoch overlaps all between. Then the first level below is
        // rewritten, so that level is small; disjoint files just pass through it.
        family.set_max_bytes_for_level_base((self.file_bytes / 2) as u64);
        // Never rewrite for age alone.
        family.set_periodic_compaction_seconds(0);
    }
}

/// Small values, overwritten and deleted all the time.
fn overwritten(family: &mut rocksdb::Options) {
    // Cheap enough for blocks that are rewritten several times.
    family.set_compression_type(DBCompressionType::Lz4);
    // Merge early: these families are small and read by key, each further file costs a probe.
    family.set_level_zero_file_num_compaction_trigger(4);
    family.set_max_bytes_for_level_base(64 * MIB as u64);
    // Files that nothing overlaps any more are rewritten monthly: stale versions go, damage is found.
    family.set_periodic_compaction_seconds(30 * DAY_SECONDS);
}

/// The format of table files.
fn table(space: Space, shared: &Shared) -> BlockBasedOptions {
    let mut table = BlockBasedOptions::default();
    // 7 = since 10.4; a block's checksum depends on its file and offset, so misplaced blocks are found (since 6).
    table.set_format_version(7);
    // The fastest of the checksums on all processors.
    table.set_checksum_type(ChecksumType::XXH3);
    // One cache for all; nothing is outside of its budget ...
    table.set_block_cache(&shared.cache);
    table.set_cache_index_and_filter_blocks(true);
    // ... with indexes and filters evicted last.
    table.set_cache_index_and_filter_blocks_with_high_priority(true);
    // Indexes and filters are read in 4 KiB parts: a large file does not load all of its index for one key.
    table.set_index_type(BlockBasedIndexType::TwoLevelIndexSearch);
    table.set_metadata_block_size(4 * KIB);
    // Only the tops of these stay in memory while a file is open.
    table.set_pin_top_level_index_and_filter(true);
    match space {
        // A chunk is up to 16 KiB; together with its neighbours small ones compress better. No filter: a chunk is only
        // looked up where the index says it is.
        Space::Chunks => table.set_block_size(16 * KIB),
        _ => {
            table.set_block_size(4 * KIB);
            // Keys may be in any level, or absent: one percent false positives instead of one read per level.
            table.set_bloom_filter(10.0, false);
            table.set_partition_filters(true);
        }
    }
    table
}

/// RocksDB's own text log: useful after a failure, bounded always.
fn logs(db: &mut rocksdb::Options) {
    db.set_log_level(LogLevel::Info);
    db.set_max_log_file_size(MIB);
    db.set_keep_log_file_num(3);
    // No periodic statistics in it, and none kept in memory: INFO asks for properties instead.
    db.set_stats_dump_period_sec(0);
    db.set_stats_persist_period_sec(0);
}

impl Compression {
    /// What RocksDB hands to the codec.
    fn level(self) -> i32 {
        match self {
            // RocksDB's word for "the codec's own default". Any positive level is another, forty times slower codec.
            Compression::Lz4 => 32767,
            Compression::Zstd => 1,
        }
    }

    fn codec(self) -> DBCompressionType {
        match self {
            Compression::Lz4 => DBCompressionType::Lz4,
            Compression::Zstd => DBCompressionType::Zstd,
        }
    }
}

/// For every write.
pub(super) fn write() -> WriteOptions {
    let mut options = WriteOptions::default();
    // The journal is the log.
    options.disable_wal(true);
    options
}

/// For every flush.
pub(super) fn flush() -> FlushOptions {
    let mut options = FlushOptions::default();
    // Durable when it returns.
    options.set_wait(true);
    // Start now: waiting until no stall is possible would delay the checkpoint, and with it the journal's truncation.
    options.set_allow_write_stall(true);
    options
}

/// For scans of `from..to`.
pub(super) fn scan(space: Space, from: &[u8], to: &[u8]) -> ReadOptions {
    let mut options = ReadOptions::default();
    // RocksDB stops at the bounds by itself and skips files and tombstones outside of them.
    options.set_iterate_lower_bound(from);
    options.set_iterate_upper_bound(to);
    // All names are read once, at the start: they would push out what is used again.
    options.fill_cache(space != Space::Names);
    options
}

/// For merging small files of [`Space::Chunks`].
pub(super) fn merge(file_bytes: u64) -> CompactionOptions {
    let mut options = CompactionOptions::default();
    // The codec is the family's; only the size of the output is bounded here.
    options.set_output_file_size_limit(file_bytes);
    options.set_max_subcompactions(1);
    options
}
