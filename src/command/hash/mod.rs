//! Verbs about hashes. Shared: `fields.rs`, `pairs.rs`.

pub mod fields;
pub mod hdel;
pub mod hexists;
pub mod hexpire;
pub mod hexpireat;
pub mod hexpiretime;
pub mod hget;
pub mod hgetall;
pub mod hgetdel;
pub mod hgetex;
pub mod hincrby;
pub mod hincrbyfloat;
pub mod hkeys;
pub mod hlen;
pub mod hmget;
pub mod hmset;
pub mod hpersist;
pub mod hpexpire;
pub mod hpexpireat;
pub mod hpexpiretime;
pub mod hpttl;
pub mod hrandfield;
pub mod hscan;
pub mod hset;
pub mod hsetex;
pub mod hsetnx;
pub mod hstrlen;
pub mod httl;
pub mod hvals;
pub mod pairs;

use super::spec::Spec;

/// The verbs of this group, one line each.
pub static VERBS: &[&Spec] = &[
    &hdel::SPEC,
    &hexists::SPEC,
    &hexpire::SPEC,
    &hexpireat::SPEC,
    &hexpiretime::SPEC,
    &hget::SPEC,
    &hgetall::SPEC,
    &hgetdel::SPEC,
    &hgetex::SPEC,
    &hincrby::SPEC,
    &hincrbyfloat::SPEC,
    &hkeys::SPEC,
    &hlen::SPEC,
    &hmget::SPEC,
    &hmset::SPEC,
    &hpersist::SPEC,
    &hpexpire::SPEC,
    &hpexpireat::SPEC,
    &hpexpiretime::SPEC,
    &hpttl::SPEC,
    &hrandfield::SPEC,
    &hscan::SPEC,
    &hset::SPEC,
    &hsetex::SPEC,
    &hsetnx::SPEC,
    &hstrlen::SPEC,
    &httl::SPEC,
    &hvals::SPEC,
];
