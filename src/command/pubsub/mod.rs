//! Verbs about channels: messages to all who listen now, kept for nobody.

mod confirm;
mod inspect;
pub mod psubscribe;
pub mod publish;
pub mod punsubscribe;
pub mod spublish;
pub mod ssubscribe;
pub mod subscribe;
pub mod sunsubscribe;
pub mod unsubscribe;

use super::spec::Spec;

/// The verbs of this group, one line each.
pub static VERBS: &[&Spec] = &[
    &subscribe::SPEC,
    &unsubscribe::SPEC,
    &psubscribe::SPEC,
    &punsubscribe::SPEC,
    &ssubscribe::SPEC,
    &sunsubscribe::SPEC,
    &publish::SPEC,
    &spublish::SPEC,
    &inspect::SPEC,
];
