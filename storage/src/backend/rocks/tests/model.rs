//! RocksDB against the memory backend: whatever one answers, the other must.
//!
//! Owns: nothing. Must never know: keys' meaning. Read next: `../../conformance.rs` (the cases both pass), `../../memory.rs`.

use crate::backend::conformance::contents;
use crate::backend::memory::{LateReclaims, Memory};
use crate::backend::rocks::Options;
use crate::backend::rocks::Rocks;
use crate::backend::{Backend, Space, Write};
use proptest::prelude::*;

/// One step of the model test.
#[derive(Clone, Debug)]
enum Step {
    Write(Vec<Write>),
    Flush,
    Reclaim(Space, Vec<u8>, Vec<u8>),
    Reopen,
}

/// Few distinct keys, so that steps meet each other; lengths 0..3 so that prefixes and neighbours occur.
fn key() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(prop::sample::select(vec![0u8, 1, 2, 0xfe, 0xff]), 0..4)
}

fn space() -> impl Strategy<Value = Space> {
    prop::sample::select(vec![Space::Meta, Space::Pending, Space::Chunks])
}

fn write() -> impl Strategy<Value = Write> {
    let value = prop_oneof![4 => 0usize..40, 1 => 3_000usize..20_000];
    prop_oneof![
        6 => (space(), key(), any::<u8>(), value).prop_map(|(s, k, byte, len)| Write::Put(s, k, vec![byte; len].into())),
        2 => (space(), key()).prop_map(|(s, k)| Write::Delete(s, k)),
        1 => (space(), key(), key()).prop_map(|(s, from, to)| Write::DeleteRange(s, from, to)),
    ]
}

/// Arbitrary sequences of steps.
fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        8 => prop::collection::vec(write(), 0..8).prop_map(Step::Write),
        3 => Just(Step::Flush),
        2 => (space(), key(), key()).prop_map(|(s, from, to)| Step::Reclaim(s, from, to)),
        1 => Just(Step::Reopen),
    ];
    prop::collection::vec(step, 0..40)
}

fn agree(rocks: &Rocks, memory: &Memory) -> Result<(), TestCaseError> {
    for space in Space::ALL {
        prop_assert_eq!(contents(rocks, space), contents(memory, space), "{:?}", space);
    }
    Ok(())
}

fn on_both(rocks: &Rocks, memory: &Memory, step: &Step) {
    for backend in [rocks as &dyn Backend, memory] {
        match step {
            Step::Write(writes) => backend.write(writes).unwrap(),
            Step::Flush => backend.flush().unwrap(),
            Step::Reclaim(space, from, to) => backend.reclaim(*space, from, to).unwrap(),
            Step::Reopen => {}
        }
    }
}

/// A restart without a flush. After a reclaim RocksDB may have dropped files for good or not, and the model cannot know
/// which; so a reclaim is followed by a flush here, as it is by its callers before they rely on it.
fn run(steps: Vec<Step>) -> Result<(), TestCaseError> {
    let folder = tempfile::tempdir().unwrap();
    let options = Options { cache_bytes: 1 << 20, write_buffer_bytes: 4 << 20, ..Options::default() };
    let mut rocks = Rocks::open(folder.path(), options).unwrap();
    let mut memory = Memory::crashing();
    for step in steps {
        on_both(&rocks, &memory, &step);
        match step {
            Step::Reclaim(..) => on_both(&rocks, &memory, &Step::Flush),
            Step::Reopen => {
                drop(rocks);
                rocks = Rocks::open(folder.path(), options).unwrap();
                // The few bytes of a case never overflow the write buffers: nothing unflushed survives.
                memory = memory.crash_copy(0, LateReclaims::Undone).unwrap();
            }
            Step::Write(_) | Step::Flush => {}
        }
        agree(&rocks, &memory)?;
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn both_backends_agree(steps in steps()) {
        run(steps)?;
    }
}
