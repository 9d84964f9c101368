//! Verbs about the server.

pub mod bgrewriteaof;
pub mod bgsave;
pub mod command;
pub mod config;
pub mod debug;
pub mod info;
pub mod lastsave;
pub mod latency;
pub mod lolwut;
pub mod memory;
pub mod module;
pub mod monitor;
pub mod replicaof;
pub mod role;
pub mod save;
pub mod shutdown;
pub mod slaveof;
pub mod slowlog;
pub mod time;
pub mod wait;
pub mod waitaof;

use super::spec::Spec;

/// The verbs of this group, one line each.
pub static VERBS: &[&Spec] = &[
    &super::acl::SPEC,
    &bgrewriteaof::SPEC,
    &bgsave::SPEC,
    &command::SPEC,
    &config::SPEC,
    &debug::SPEC,
    &info::SPEC,
    &lastsave::SPEC,
    &latency::SPEC,
    &lolwut::SPEC,
    &memory::SPEC,
    &module::SPEC,
    &monitor::SPEC,
    &replicaof::SPEC,
    &role::SPEC,
    &save::SPEC,
    &shutdown::SPEC,
    &slaveof::SPEC,
    &slowlog::SPEC,
    &time::SPEC,
    &wait::SPEC,
    &waitaof::SPEC,
];
