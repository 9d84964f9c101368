//! Verbs about sorted sets. Shared: `bounds.rs`, `combine.rs`, `ends.rs`, `scores.rs`.

pub mod bounds;
pub mod bzmpop;
pub mod bzpopmax;
pub mod bzpopmin;
pub mod combine;
pub mod ends;
pub mod scores;
pub mod zadd;
pub mod zcard;
pub mod zcount;
pub mod zdiff;
pub mod zdiffstore;
pub mod zincrby;
pub mod zinter;
pub mod zintercard;
pub mod zinterstore;
pub mod zlexcount;
pub mod zmpop;
pub mod zmscore;
pub mod zpopmax;
pub mod zpopmin;
pub mod zrandmember;
pub mod zrange;
pub mod zrangebylex;
pub mod zrangebyscore;
pub mod zrangestore;
pub mod zrank;
pub mod zrem;
pub mod zremrangebylex;
pub mod zremrangebyrank;
pub mod zremrangebyscore;
pub mod zrevrange;
pub mod zrevrangebylex;
pub mod zrevrangebyscore;
pub mod zrevrank;
pub mod zscan;
pub mod zscore;
pub mod zunion;
pub mod zunionstore;

use super::spec::Spec;

/// The verbs of this group, one line each.
pub static VERBS: &[&Spec] = &[
    &bzmpop::SPEC,
    &bzpopmax::SPEC,
    &bzpopmin::SPEC,
    &zadd::SPEC,
    &zcard::SPEC,
    &zcount::SPEC,
    &zdiff::SPEC,
    &zdiffstore::SPEC,
    &zincrby::SPEC,
    &zinter::SPEC,
    &zintercard::SPEC,
    &zinterstore::SPEC,
    &zlexcount::SPEC,
    &zmpop::SPEC,
    &zmscore::SPEC,
    &zpopmax::SPEC,
    &zpopmin::SPEC,
    &zrandmember::SPEC,
    &zrange::SPEC,
    &zrangebylex::SPEC,
    &zrangebyscore::SPEC,
    &zrangestore::SPEC,
    &zrank::SPEC,
    &zrem::SPEC,
    &zremrangebylex::SPEC,
    &zremrangebyrank::SPEC,
    &zremrangebyscore::SPEC,
    &zrevrange::SPEC,
    &zrevrangebylex::SPEC,
    &zrevrangebyscore::SPEC,
    &zrevrank::SPEC,
    &zscan::SPEC,
    &zscore::SPEC,
    &zunion::SPEC,
    &zunionstore::SPEC,
];
