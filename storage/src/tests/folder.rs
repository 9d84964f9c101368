//! The same over a real folder: RocksDB, journal files, watermark. Whatever is taken away or damaged is noticed.
