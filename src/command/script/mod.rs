//! Scripts: EVAL and its kin, and the commands about the scripts that are kept.
//!
//! The verbs are thin; what they do is in `run.rs` (and, in a build without scripting, in `absent.rs`, where each says
//! so). `host.rs` does what a script calls. Must never know: Lua. Read next: `run.rs`, `src/script/mod.rs`.

mod eval;
mod eval_ro;
mod evalsha;
mod evalsha_ro;
mod fcall;
mod fcall_ro;
mod function;
#[cfg(feature = "scripting")]
mod host;
#[cfg_attr(not(feature = "scripting"), path = "absent.rs")]
mod run;
mod verb;

use super::spec::Spec;

#[cfg(test)]
#[cfg(all(feature = "memory", feature = "scripting"))]
mod cold_tests;

/// The verbs of this group, one line each.
pub static VERBS: &[&Spec] = &[
    &eval::SPEC,
    &evalsha::SPEC,
    &eval_ro::SPEC,
    &evalsha_ro::SPEC,
    &verb::SPEC,
    &fcall::SPEC,
    &fcall_ro::SPEC,
    &function::SPEC,
];
