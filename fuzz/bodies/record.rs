//! What is stored: any bytes are a record or are refused; what was read and written again says the same.

use brooklet_storage::backend::memory::Memory;
use brooklet_storage::batch::{Effect, read};
use brooklet_storage::check::{Report, check_records};
use brooklet_storage::checkpoint::Gathered;
use brooklet_storage::journal::{Journal, MemoryJournal};
use brooklet_storage::open::open;
use brooklet_storage::progress::Progress;
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

/// Any bytes are a batch or are refused, also where a start replays them; what it accepts can be written and looked at.
pub fn batch(bytes: &[u8]) {
    record(&[&[Record::Batch as u8], bytes].concat());
    if wants_much(bytes) {
        return;
    }
    let (backend, mut journal) = (Arc::new(Memory::new()), MemoryJournal::new());
    journal.append(bytes).expect("a record");
    let Ok(mut opened) = open(backend.clone(), &mut journal, 2, NodeLimits::default()) else { return };
    let (epoch, mut gathered) = (opened.settler.epoch(), Gathered::default());
    opened.store.gather(epoch, usize::MAX, &mut gathered);
    let meta = opened.store.meta(opened.mark, epoch);
    opened.settler.complete(gathered, &meta).expect("a checkpoint");
    check_records(&*backend, &Progress::default(), &mut Report::default());
}

/// Whether it writes far behind the end of a string: that much memory such a string takes.
fn wants_much(bytes: &[u8]) -> bool {
    let mut much = false;
    let _ = read(bytes, |effect| {
        much |= matches!(effect, Effect::PatchString { offset: 0x10_0000..0x1_0000_0000, .. });
        Ok(())
    });
    much
}
