//! Verbs about sets. Shared: `members.rs`.

pub mod members;
pub mod sadd;
pub mod scard;
pub mod sdiff;
pub mod sdiffstore;
pub mod sinter;
pub mod sintercard;
pub mod sinterstore;
pub mod sismember;
pub mod smembers;
pub mod smismember;
pub mod smove;
pub mod spop;
pub mod srandmember;
pub mod srem;
pub mod sscan;
pub mod sunion;
pub mod sunionstore;

use super::spec::Spec;

/// The verbs of this group, one line each.
pub static VERBS: &[&Spec] = &[
    &sadd::SPEC,
    &scard::SPEC,
    &sdiff::SPEC,
    &sdiffstore::SPEC,
    &sinter::SPEC,
    &sintercard::SPEC,
    &sinterstore::SPEC,
    &sismember::SPEC,
    &smembers::SPEC,
    &smismember::SPEC,
    &smove::SPEC,
    &spop::SPEC,
    &srandmember::SPEC,
    &srem::SPEC,
    &sscan::SPEC,
    &sunion::SPEC,
    &sunionstore::SPEC,
];
