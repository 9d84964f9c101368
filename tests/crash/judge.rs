//! What may be missing after a crash: the promises of `docs/guarantees.md`, as rules over histories.
//!
//! Nothing, where an answer means "durable". Else what was answered within a window before the end; and in each case
//! only the end: if something survives, so does all that was answered before it was sent.

use std::time::{Duration, Instant};

use crate::history::{History, Survived};

/// Which answered operations have to survive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Promise {
    /// All of them.
    All,
    /// Those that were answered longer before the end than this.
    Older(Duration),
    /// A beginning of them, however short.
    Beginning,
}

/// What was lost, where that was allowed.
#[derive(Clone, Copy, Debug, Default)]
pub struct Loss {
    /// Answered operations.
    pub lost: usize,
    /// How long before the end the oldest of them was answered.
    pub oldest: Duration,
}

/// Compares what survived with the promise; `end` is when the power went.
pub fn judge(histories: &[History], survived: &[Survived], promise: Promise, end: Instant) -> Result<Loss, String> {
    let mut loss = Loss::default();
    for (writer, (history, survived)) in histories.iter().zip(survived).enumerate() {
        let answers = history.answers();
        if survived.at_most >= answers {
            continue;
        }
        let first = &history.steps[survived.at_most];
        let age = first.answered.map_or(Duration::ZERO, |answered| end.saturating_duration_since(answered));
        loss = Loss { lost: loss.lost + answers - survived.at_most, oldest: loss.oldest.max(age) };
        let may = match promise {
            Promise::All => false,
            Promise::Older(window) => age <= window,
            Promise::Beginning => true,
        };
        if !may {
            return Err(format!(
                "LOST: writer {writer} had {answers} answers and {} are left; the first that is missing, {:?}, was answered \
                 {age:?} before the end, and {promise:?} was promised",
                survived.at_most, first.op
            ));
        }
    }
    only_the_end(histories, survived).map(|()| loss)
}

/// Whatever survived was sent before anything that is missing was answered.
fn only_the_end(histories: &[History], survived: &[Survived]) -> Result<(), String> {
    let pairs = || histories.iter().zip(survived);
    let missing = pairs().filter_map(|(history, left)| history.steps.get(left.at_most)?.answered).min();
    let last = pairs().filter_map(|(history, left)| Some(history.steps.get(left.at_least.checked_sub(1)?)?.sent)).max();
    match (missing, last) {
        (Some(missing), Some(last)) if last > missing => Err(format!(
            "OUT OF ORDER: something survived that was sent {:?} after the answer to something that is missing",
            last - missing
        )),
        _ => Ok(()),
    }
}

/// Proves that the rules are rules: histories that break them are found.
pub fn control() -> Result<(), String> {
    use crate::ledger::Op;
    let mut histories: Vec<History> = (0..2).map(History::new).collect();
    for history in [1, 0, 1, 0] {
        histories[history].sent(&[Op::Make]);
        std::thread::sleep(Duration::from_millis(2));
        histories[history].answered(None);
    }
    let end = Instant::now() + Duration::from_millis(500);
    let left = |counts: [usize; 2]| -> Vec<Survived> {
        counts.iter().zip(&histories).map(|(count, history)| Survived::of(history, *count)).collect()
    };
    let is = |counts, promise| judge(&histories, &left(counts), promise, end).map(|loss| loss.lost);
    let window = |ms| Promise::Older(Duration::from_millis(ms));
    let rules = [
        (is([2, 2], Promise::All), Some(0)),
        (is([1, 2], Promise::All), None),
        (is([1, 2], window(600)), Some(1)),
        (is([0, 0], window(600)), Some(4)),
        (is([1, 2], window(400)), None),
        // The first of the second writer was answered before anything of the first one was sent.
        (is([1, 0], Promise::Beginning), None),
        (is([0, 1], Promise::Beginning), Some(3)),
    ];
    for (at, (found, expected)) in rules.into_iter().enumerate() {
        if found.as_ref().ok() != expected.as_ref() {
            return Err(format!("control {at} of the judge: {found:?}, expected {expected:?}"));
        }
    }
    Ok(())
}
