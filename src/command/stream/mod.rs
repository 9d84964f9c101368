//! Verbs about streams. Shared: `id.rs` (ids as they are typed), `trim.rs` (MAXLEN, MINID), `references.rs` and
//! `deletion.rs` (entries that go, and what groups hold of them), `entry.rs` (entries in replies).

pub mod deletion;
pub mod entry;
pub mod id;
pub mod references;
pub mod trim;
pub mod xackdel;
pub mod xadd;
pub mod xcfgset;
pub mod xdel;
pub mod xdelex;
pub mod xidmprecord;
pub mod xlen;
pub mod xrange;
pub mod xrevrange;
pub mod xsetid;
pub mod xtrim;

use super::spec::Spec;

/// The verbs of this group, one line each.
pub static VERBS: &[&Spec] = &[
    &xackdel::SPEC,
    &xadd::SPEC,
    &xcfgset::SPEC,
    &xdel::SPEC,
    &xdelex::SPEC,
    &xidmprecord::SPEC,
    &xlen::SPEC,
    &xrange::SPEC,
    &xrevrange::SPEC,
    &xsetid::SPEC,
    &xtrim::SPEC,
];
