//! Leases: locks that know who waits for them, and tokens that tell a late holder from the present one. Redis has none of this.
//!
//! A lease is a string that holds the name of its holder and has a deadline, so every verb about strings and every lock library
//! works on the same key. A token is what `SET key value NX PX ms` makes, too. Shared: `state.rs`. Read next: `acquire.rs`;
//! then `storage/src/store/leases.rs` and `broker/leases.rs`.

pub mod acquire;
pub mod check;
pub mod exec;
pub mod get;
pub mod release;
pub mod renew;
mod state;
pub mod transfer;
pub mod watch;

use super::spec::Spec;

/// The verbs of this group, one line each.
pub static VERBS: &[&Spec] = &[
    &acquire::SPEC,
    &check::SPEC,
    &exec::SPEC,
    &get::SPEC,
    &release::SPEC,
    &renew::SPEC,
    &transfer::SPEC,
    &watch::SPEC,
];
