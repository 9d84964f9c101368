//! Verbs about the connection.

pub mod ping;
pub mod select;

use super::spec::Spec;

/// The verbs of this group, one line each.
pub static VERBS: &[&Spec] = &[&ping::SPEC, &select::SPEC];
