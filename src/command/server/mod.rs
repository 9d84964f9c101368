//! Verbs about the server.

pub mod memory;

use super::spec::Spec;

/// The verbs of this group, one line each.
pub static VERBS: &[&Spec] = &[&memory::SPEC];
