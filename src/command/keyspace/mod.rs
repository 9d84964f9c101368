//! Verbs about keys of any type. Shared: `counting.rs` (many keys), `database.rs` (numbers of databases).

pub mod copy;
pub mod counting;
pub mod database;
pub mod dbsize;
pub mod del;
pub mod exists;
pub mod expire;
pub mod expireat;
pub mod expiretime;
pub mod flushall;
pub mod flushdb;
pub mod keys;
pub mod move_to;
pub mod object;
pub mod persist;
pub mod pexpire;
pub mod pexpireat;
pub mod pexpiretime;
pub mod pttl;
pub mod randomkey;
pub mod rename;
pub mod renamenx;
pub mod scan;
pub mod swapdb;
pub mod touch;
pub mod ttl;
pub mod type_of;
pub mod unlink;

use super::spec::Spec;

/// The verbs of this group, one line each.
pub static VERBS: &[&Spec] = &[
    &copy::SPEC,
    &dbsize::SPEC,
    &del::SPEC,
    &exists::SPEC,
    &expire::SPEC,
    &expireat::SPEC,
    &expiretime::SPEC,
    &flushall::SPEC,
    &flushdb::SPEC,
    &keys::SPEC,
    &move_to::SPEC,
    &object::SPEC,
    &persist::SPEC,
    &pexpire::SPEC,
    &pexpireat::SPEC,
    &pexpiretime::SPEC,
    &pttl::SPEC,
    &randomkey::SPEC,
    &rename::SPEC,
    &renamenx::SPEC,
    &scan::SPEC,
    &swapdb::SPEC,
    &touch::SPEC,
    &ttl::SPEC,
    &type_of::SPEC,
    &unlink::SPEC,
];

#[cfg(test)]
#[cfg(feature = "memory")]
mod cold_tests;
