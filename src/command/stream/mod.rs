//! Verbs about streams. Shared arguments: `id.rs` (ids as they are typed), `trim.rs` (MAXLEN, MINID).

pub mod id;
pub mod trim;
pub mod xadd;
pub mod xlen;

use super::spec::Spec;

/// The verbs of this group, one line each.
pub static VERBS: &[&Spec] = &[&xadd::SPEC, &xlen::SPEC];
