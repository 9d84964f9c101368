//! Makes a failing session short: leaves out ever smaller runs of steps as long as the servers still differ.

use std::time::{Duration, Instant};

use crate::play::{Difference, Pair};
use crate::session::Session;

/// After this a session is short enough.
const LIMIT: Duration = Duration::from_secs(45);

/// The shortest failing part that was found, and how it fails.
pub fn shrink(pair: &mut Pair, session: &Session, found: Difference) -> (Session, Difference) {
    let started = Instant::now();
    let (mut best, mut difference) = (session.clone(), found);
    let mut run = best.steps.len() / 2;
    while run > 0 && started.elapsed() < LIMIT {
        let mut at = 0;
        while at < best.steps.len() && started.elapsed() < LIMIT {
            let mut shorter = best.clone();
            shorter.steps.drain(at..(at + run).min(best.steps.len()));
            match pair.play(&shorter) {
                Err(still) => (best, difference) = (shorter, still),
                Ok(_) => at += run,
            }
        }
        run /= 2;
    }
    (best, difference)
}
