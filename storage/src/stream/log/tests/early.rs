//! Sealing a chunk before it is full.

use crate::StreamId;
use crate::stream::log::{IdRange, Log, NodeLimits};

#[test]
fn what_grows_slowly_is_not_written_over_and_over() {
    let (mut log, mut written) = (Log::default(), 0);
    for ms in 1..=2000 {
        log.append(StreamId::new(ms, 0), &[7; 100], NodeLimits::default());
        // A checkpoint after each entry: what it seals is written once, what stays open each time.
        written += log.seal_early().unwrap_or(0) + log.open.bytes.len();
    }
    assert!(written < 2000 * 100 * 14, "{written}");
    assert_eq!((log.len(), log.range(IdRange::ALL, 5000).unwrap().len()), (2000, 2000));
}
