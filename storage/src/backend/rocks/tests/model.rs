//! RocksDB against the memory backend: whatever one answers, the other must.
//!
//! Owns: nothing. Must never know: keys' meaning. Read next: `../../conformance.rs` (the steps), `../../memory.rs`.

use crate::backend::conformance::{Step, contents, steps};
use crate::backend::memory::{LateReclaims, Memory};
use crate::backend::rocks::Options;
use crate::backend::rocks::Rocks;
use crate::backend::{Backend, Space};
use proptest::prelude::*;

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
