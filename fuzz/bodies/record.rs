//! What is stored: any bytes are a record or are refused; what was read and written again says the same.

use brooklet_storage::backend::memory::Memory;
use brooklet_storage::journal::{Journal, MemoryJournal};
use brooklet_storage::open::open;
use brooklet_storage::records::{self, Record};
use brooklet_storage::stream::log::NodeLimits;
use std::sync::Arc;

/// Bytes of memory for a byte of a record, and for any.
const MEMORY: (usize, usize) = (512, 16 << 10);

/// The first byte chooses the kind, and whether a checksum is put in where there is one.
pub fn record(bytes: &[u8]) {
    let Some((choice, bytes)) = bytes.split_first() else { return };
    let kind = Record::ALL[usize::from(*choice) % Record::ALL.len()];
    let signed = if *choice < 128 { bytes.to_vec() } else { records::signed(kind, bytes.to_vec()) };
    let Ok(seen) = records::read(kind, &signed) else { return };
    let most = MEMORY.0 * bytes.len() + MEMORY.1;
    assert!(seen.memory <= most, "{kind:?}: {} bytes of memory for {} bytes", seen.memory, bytes.len());
    let again = records::read(kind, &seen.bytes);
    let again = again.unwrap_or_else(|why| panic!("{kind:?} is not read again: {why}\n{}", seen.says));
    assert_eq!(seen.says, again.says, "{kind:?}");
    assert_eq!(seen.bytes, again.bytes, "{kind:?}");
}

/// Any bytes are a batch or are refused, also where a start replays them.
pub fn batch(bytes: &[u8]) {
    record(&[&[Record::Batch as u8], bytes].concat());
    let mut journal = MemoryJournal::new();
    journal.append(bytes).expect("a record");
    let _ = open(Arc::new(Memory::new()), &mut journal, 2, NodeLimits::default());
}
