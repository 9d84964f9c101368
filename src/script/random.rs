//! The random numbers of scripts: the generator that POSIX names `lrand48`. What a script did is kept as its effects, so
//! nobody needs the same numbers again.

use std::sync::atomic::{AtomicU64, Ordering};

/// The largest number.
const MOST: u64 = i32::MAX as u64;

/// A state of 48 bits.
#[derive(Debug)]
pub struct Random(AtomicU64);

impl Default for Random {
    fn default() -> Random {
        let random = Random(AtomicU64::new(0));
        random.seed(0);
        random
    }
}

impl Random {
    /// Begins anew.
    pub fn seed(&self, seed: i32) {
        self.0.store((u64::from(seed as u32) << 16) | 0x330e, Ordering::Relaxed);
    }

    /// The next number from 0 up to 1, without 1.
    pub fn next(&self) -> f64 {
        let state = self.0.load(Ordering::Relaxed).wrapping_mul(0x5_deec_e66d).wrapping_add(11) & ((1 << 48) - 1);
        self.0.store(state, Ordering::Relaxed);
        ((state >> 17) % MOST) as f64 / MOST as f64
    }
}
