//! BITFIELD_RO: BITFIELD that only reads.

use super::bitfield;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};

/// BITFIELD_RO.
pub static SPEC: Spec = Spec {
    name: "bitfield_ro",
    summary: "Reads integers of any width inside a string.",
    since: "6.0.0",
    group: Group::Bitmap,
    complexity: "O(1) for each field",
    arity: -2,
    flags: &[Flag::Fast],
    keys: Keys::ONE,
    syntax: "key [GET encoding offset [GET encoding offset ...]]",
    kind: Kind::Read(|ctx, args| bitfield::run(ctx, args, true)),
    subcommands: &[],
};
