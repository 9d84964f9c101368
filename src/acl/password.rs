//! Passwords: kept as SHA-256 in lower-case hex, because rules, files and ACL GETUSER show them so. Compared in constant
//! time.

use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::Read;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};
use subtle::ConstantTimeEq;

/// What nobody else knows, drawn once from the system.
static SEED: LazyLock<Option<[u8; 32]>> = LazyLock::new(|| {
    let mut seed = [0; 32];
    File::open("/dev/urandom").and_then(|mut source| source.read_exact(&mut seed)).ok().map(|()| seed)
});
/// Secrets given so far.
static GIVEN: AtomicU64 = AtomicU64::new(0);

/// A secret of hex digits that nobody guesses; none if the system has no random numbers.
pub fn secret(digits: usize) -> Option<String> {
    let seed = (*SEED)?;
    let mut secret = String::with_capacity(digits + DIGITS);
    while secret.len() < digits {
        let number = GIVEN.fetch_add(1, Ordering::Relaxed).to_le_bytes();
        secret.push_str(Hash::of(&[&seed[..], &number[..]].concat()).hex());
    }
    secret.truncate(digits);
    Some(secret)
}

/// Digits of a hash.
const DIGITS: usize = 64;

/// A hash in hex.
#[derive(Clone, PartialEq, Eq)]
pub struct Hash(String);

impl std::fmt::Debug for Hash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Hash(..)")
    }
}

impl Hash {
    /// The hash of a password.
    pub fn of(password: &[u8]) -> Hash {
        const HEX: &[u8; 16] = b"0123456789abcdef";
        let digit = |nibble: u8| char::from(HEX[usize::from(nibble & 15)]);
        Hash(Sha256::digest(password).iter().flat_map(|byte| [digit(byte >> 4), digit(*byte)]).collect())
    }

    /// A hash as it is written.
    pub fn parse(hex: &[u8]) -> Option<Hash> {
        let valid = hex.len() == DIGITS && hex.iter().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        if valid { String::from_utf8(hex.to_vec()).ok().map(Hash) } else { None }
    }

    /// As it is written.
    pub fn hex(&self) -> &str {
        &self.0
    }

    /// Whether both are the same, in a time that tells nothing.
    pub fn is(&self, other: &Hash) -> bool {
        self.0.as_bytes().ct_eq(other.0.as_bytes()).into()
    }
}
