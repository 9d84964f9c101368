//! Verbs about streams. Shared arguments: `id.rs` (ids as they are typed), `trim.rs` (MAXLEN, MINID).

pub mod id;
pub mod trim;
pub mod xadd;
pub mod xlen;
