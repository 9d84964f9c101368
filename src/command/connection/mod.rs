//! Verbs about the connection.

pub mod ping;

use super::spec::Spec;

/// The verbs of this group, one line each.
pub static VERBS: &[&Spec] = &[&ping::SPEC];
