//! What the written values look like. A server that compresses must gain no more than it would on real data.

use super::load::PayloadKind;

const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const WORDS: [&str; 8] = ["created", "paid", "packed", "shipped", "delivered", "returned", "refunded", "cancelled"];

/// Makes payloads of one kind and size; the same seed gives the same payloads, so that compared servers get equal work.
pub(super) struct Payloads {
    kind: PayloadKind,
    size: usize,
    random: fastrand::Rng,
}

impl Payloads {
    pub(super) fn new(kind: PayloadKind, size: usize, seed: u64) -> Self {
        Payloads { kind, size, random: fastrand::Rng::with_seed(seed) }
    }

    /// Another payload of exactly the size asked for.
    pub(super) fn make(&mut self) -> Vec<u8> {
        match self.kind {
            PayloadKind::Random => (0..self.size).map(|_| LETTERS[self.random.usize(..64)]).collect(),
            PayloadKind::Json => self.json(),
        }
    }

    /// Objects with repeating names and varying values, cut to size: they compress about as events do.
    fn json(&mut self) -> Vec<u8> {
        let mut text = Vec::with_capacity(self.size + 128);
        while text.len() < self.size {
            let random = &mut self.random;
            let object = format!(
                "{{\"order\":{},\"customer\":\"{:08x}\",\"state\":\"{}\",\"amount\":{}.{:02},\"at\":{}}}",
                random.u32(..10_000_000),
                random.u32(..),
                WORDS[random.usize(..WORDS.len())],
                random.u32(..1000),
                random.u32(..100),
                1_700_000_000_000 + random.u64(..10_000_000_000),
            );
            text.extend_from_slice(object.as_bytes());
        }
        text.truncate(self.size);
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exact_sizes_and_repeatable() {
        for kind in [PayloadKind::Random, PayloadKind::Json] {
            for size in [0, 1, 100, 5000] {
                let payload = Payloads::new(kind, size, 7).make();
                assert_eq!(payload.len(), size);
                assert_eq!(payload, Payloads::new(kind, size, 7).make());
            }
        }
    }
}
