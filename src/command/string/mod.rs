//! Verbs about strings.

pub mod condition;
pub mod deadline;
pub mod get;
pub mod set;
