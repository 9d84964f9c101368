//! Verbs about strings. Shared arguments: `condition.rs`, `deadline.rs`.

pub mod condition;
pub mod deadline;
pub mod get;
pub mod set;

use super::spec::Spec;

/// The verbs of this group, one line each.
pub static VERBS: &[&Spec] = &[&get::SPEC, &set::SPEC];
