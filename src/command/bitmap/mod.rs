//! Verbs about the bits of a string. Shared: `bits.rs` (places, ranges, reading and writing), `fields.rs` (BITFIELD).
//!
//! Bit 0 is the highest bit of the first byte.

pub mod bitcount;
pub mod bitfield;
pub mod bitfield_ro;
pub mod bitop;
pub mod bitpos;
pub mod bits;
pub mod fields;
pub mod getbit;
pub mod setbit;

use super::spec::Spec;

/// The verbs of this group, one line each.
pub static VERBS: &[&Spec] =
    &[&bitcount::SPEC, &bitfield::SPEC, &bitfield_ro::SPEC, &bitop::SPEC, &bitpos::SPEC, &getbit::SPEC, &setbit::SPEC];
