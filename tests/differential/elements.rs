//! What clients say about hashes, lists, sets and sorted sets; the notation is that of `grammar.rs`. Verbs that choose at
//! random are left out, as are orders that nobody promises.

pub const HASHES: &str = "
12 HSET {hash} {member} {value} [{member} {value}]
2 HMSET {hash} {member} {value}
3 HSETNX {hash} {member} {value}
4 HGET {held} {member}
3 HMGET {hash} {member} {member}
6 HGETALL {held}
1 HKEYS|HVALS|HLEN {held}
2 HEXISTS|HSTRLEN {hash} {member}
6 HDEL {hash} {member} [{member}]
3 HINCRBY {hash} {member} {int}
2 HINCRBYFLOAT {hash} {member} {float}
2 HSCAN {hash} 0 [MATCH m*] [COUNT {count}] [NOVALUES]
2 HGETDEL {hash} FIELDS 1 {member}
1 HGETDEL {hash} FIELDS 2 {member} {member}
3 HGETEX {hash} [EX {long}|PERSIST|PXAT {atms}] FIELDS 1 {member}
3 HSETEX {hash} [FNX|FXX] [EX {long}|KEEPTTL|PXAT {atms}] FIELDS 1 {member} {value}
3 HEXPIREAT {hash} {at} [NX|XX|GT|LT] FIELDS 1 {member}
2 HPEXPIREAT {hash} {atms} [NX|XX|GT|LT] FIELDS 2 {member} {member}
2 HEXPIRETIME|HPEXPIRETIME {hash} FIELDS 1 {member}
2 HPERSIST {hash} FIELDS 1 {member}
2 OBJECT ENCODING {held}
";

pub const LISTS: &str = "
10 LPUSH|RPUSH {list} {member} [{member}] [{value}]
2 LPUSHX|RPUSHX {list} {member}
5 LPOP|RPOP {held} [{count}]
2 LLEN {held}
6 LRANGE {held} {int} {int}
2 SORT {held} [BY nosort] [ALPHA] [DESC] [LIMIT {int} {int}]
1 SORT {held} ALPHA [GET #] STORE {held}
3 LINDEX {list} {int}
3 LSET {list} {int} {member}
3 LINSERT {list} BEFORE|AFTER {member} {member}
3 LREM {list} {int} {member}
3 LTRIM {list} {int} {int}
3 LPOS {list} {member} [RANK {int}] [COUNT {count}] [MAXLEN {count}]
3 LMOVE {list} {held} LEFT|RIGHT LEFT|RIGHT
2 RPOPLPUSH {list} {list}
2 LMPOP 2 {list} {list} LEFT|RIGHT [COUNT {count}]
";

pub const SETS: &str = "
12 SADD {set} {member} [{member}] [{int}]
1 SORT {set} ALPHA [DESC] [LIMIT {int} {int}]
6 SADD {set} {int} {int}
5 SREM {set} {member} [{int}]
6 SMEMBERS {held}
2 SISMEMBER {set} {member}
2 SMISMEMBER {set} {member} {int}
2 SCARD {held}
3 SMOVE {set} {held} {member}
2 SINTER|SUNION|SDIFF {set} {set} [{held}]
2 SINTERSTORE|SUNIONSTORE|SDIFFSTORE {set} {set} {set}
1 SINTERCARD 2 {set} {set} [LIMIT {count}]
2 SSCAN {set} 0 [MATCH m*]
";

pub const SORTED_SETS: &str = "
14 ZADD {zset} [NX|XX] [CH] {score} {member} [{score} {member}]
1 SORT {zset} BY nosort [DESC] [LIMIT {int} {int}]
4 ZADD {zset} GT|LT [CH] {score} {member}
2 ZADD {zset} [NX|XX|GT|LT] INCR {score} {member}
3 ZINCRBY {zset} {score} {member}
4 ZREM {zset} {member} [{member}]
2 ZCARD {held}
2 ZSCORE {zset} {member}
1 ZMSCORE {zset} {member} {member}
3 ZRANK|ZREVRANK {zset} {member} [WITHSCORE]
5 ZRANGE {held} {int} {int} [REV] [WITHSCORES]
3 ZRANGE {zset} {limit} {limit} BYSCORE [REV] [LIMIT {count} {count}] [WITHSCORES]
2 ZRANGESTORE {zset} {zset} {int} {int} [REV]
3 ZRANGEBYSCORE|ZREVRANGEBYSCORE {zset} {limit} {limit} [WITHSCORES] [LIMIT {count} {count}]
2 ZREVRANGE {zset} {int} {int} [WITHSCORES]
2 ZCOUNT {zset} {limit} {limit}
2 ZREMRANGEBYRANK {zset} {int} {int}
2 ZREMRANGEBYSCORE {zset} {limit} {limit}
3 ZPOPMIN|ZPOPMAX {zset} [{count}]
2 ZMPOP 2 {zset} {zset} MIN|MAX [COUNT {count}]
2 ZUNION|ZINTER 2 {zset} {set} [WEIGHTS {score} 2] [AGGREGATE SUM|MIN|MAX] [WITHSCORES]
2 ZDIFF 2 {zset} {held} [WITHSCORES]
2 ZUNIONSTORE|ZINTERSTORE {zset} 2 {zset} {set} [WEIGHTS {score} 2] [AGGREGATE SUM|MIN|MAX]
1 ZDIFFSTORE {zset} 2 {zset} {zset}
1 ZINTERCARD 2 {zset} {set} [LIMIT {count}]
2 ZSCAN {zset} 0
";

pub const WAITING: &str = "
8 BLPOP|BRPOP {list} {held} 0
4 BLMOVE {list} {list} LEFT|RIGHT LEFT|RIGHT 0
2 BRPOPLPUSH {list} {list} 0
3 BLMPOP 0 2 {list} {list} LEFT|RIGHT [COUNT 2]
6 BZPOPMIN|BZPOPMAX {zset} {held} 0
3 BZMPOP 0 2 {zset} {zset} MIN|MAX [COUNT 2]
";

/// Whether a call, or a template without its weight, is one that may wait.
pub fn may_wait<'a>(mut words: impl Iterator<Item = &'a [u8]>) -> bool {
    let verb = words.next().unwrap_or_default().to_ascii_uppercase();
    let waits = ["BL", "BR", "BZ"].iter().any(|start| verb.starts_with(start.as_bytes()));
    waits || words.any(|word| word.eq_ignore_ascii_case(b"BLOCK"))
}
