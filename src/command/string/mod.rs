//! Verbs about strings. Shared: `condition.rs`, `deadline.rs` (arguments), `counter.rs`, `pairs.rs`.

pub mod append;
pub mod condition;
pub mod counter;
pub mod deadline;
pub mod decr;
pub mod decrby;
pub mod delex;
pub mod delifeq;
pub mod digest;
pub mod get;
pub mod getdel;
pub mod getex;
pub mod getrange;
pub mod getset;
pub mod incr;
pub mod incrby;
pub mod incrbyfloat;
pub mod increx;
pub mod lcs;
pub mod mget;
pub mod mset;
pub mod msetex;
pub mod msetnx;
pub mod pairs;
pub mod psetex;
pub mod set;
pub mod setex;
pub mod setnx;
pub mod setrange;
pub mod strlen;
pub mod substr;

use super::spec::Spec;

/// The verbs of this group, one line each.
pub static VERBS: &[&Spec] = &[
    &append::SPEC,
    &decr::SPEC,
    &decrby::SPEC,
    &delex::SPEC,
    &delifeq::SPEC,
    &digest::SPEC,
    &get::SPEC,
    &getdel::SPEC,
    &getex::SPEC,
    &getrange::SPEC,
    &getset::SPEC,
    &incr::SPEC,
    &incrby::SPEC,
    &incrbyfloat::SPEC,
    &increx::SPEC,
    &lcs::SPEC,
    &mget::SPEC,
    &mset::SPEC,
    &msetex::SPEC,
    &msetnx::SPEC,
    &psetex::SPEC,
    &set::SPEC,
    &setex::SPEC,
    &setnx::SPEC,
    &setrange::SPEC,
    &strlen::SPEC,
    &substr::SPEC,
];
