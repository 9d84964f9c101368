//! The tips of COMMAND INFO: what a client of several servers should know. Whether the answer is the same everywhere,
//! which servers to ask, and how to make one answer of theirs.

/// The tips about a verb or a subcommand. Names as in the reference, whose clients look for them.
pub(super) fn of(name: &str) -> Vec<&'static str> {
    let (request, response) = policies(name);
    variance(name).into_iter().chain(request).chain(response).collect()
}

/// Whether two servers, or two calls, may answer differently.
fn variance(name: &str) -> Option<&'static str> {
    let order = matches!(name, "smembers" | "sunion" | "sinter" | "sdiff" | "hgetall" | "hvals" | "hkeys" | "keys")
        || matches!(
            name,
            "command" | "command|info" | "command|list" | "command|docs" | "function|list" | "module|list"
        );
    if order {
        return Some("nondeterministic_output_order");
    }
    let all = is_about_a_key(name)
        || matches!(name, "lastsave" | "time" | "info" | "client|list" | "client|info" | "function|stats")
        || matches!(name, "memory|doctor" | "memory|stats" | "memory|malloc-stats" | "slowlog|len" | "slowlog|get")
        || (name.starts_with("latency|") && !matches!(name, "latency|reset" | "latency|help"))
        || (name.starts_with("cluster|") && is_about_a_cluster(name));
    all.then_some("nondeterministic_output")
}

fn is_about_a_key(name: &str) -> bool {
    matches!(name, "xadd" | "xtrim" | "xpending" | "xautoclaim" | "xclaim" | "xinfo|consumers")
        || matches!(name, "object|encoding" | "object|refcount" | "object|freq" | "object|idletime")
        || matches!(name, "ttl" | "pttl" | "httl" | "hpttl" | "scan" | "hscan" | "sscan" | "zscan" | "randomkey")
        || matches!(name, "hrandfield" | "srandmember" | "spop" | "zrandmember" | "dump" | "migrate")
}

fn is_about_a_cluster(name: &str) -> bool {
    matches!(name, "cluster|replicas" | "cluster|slaves" | "cluster|getkeysinslot" | "cluster|slots" | "cluster|shards")
        || matches!(
            name,
            "cluster|bumpepoch" | "cluster|info" | "cluster|links" | "cluster|myshardid" | "cluster|nodes"
        )
        || name == "cluster|count-failure-reports"
}

/// Which servers are asked, and what becomes of their answers.
fn policies(name: &str) -> (Option<&'static str>, Option<&'static str>) {
    const SHARDS: &str = "request_policy:all_shards";
    const NODES: &str = "request_policy:all_nodes";
    const BY_KEY: &str = "request_policy:multi_shard";
    const SUM: &str = "response_policy:agg_sum";
    const ALL: &str = "response_policy:all_succeeded";
    const SPECIAL: &str = "response_policy:special";
    let (request, response) = match name {
        "mget" => (BY_KEY, None),
        "mset" => (BY_KEY, Some(ALL)),
        "del" | "unlink" | "touch" | "exists" => (BY_KEY, Some(SUM)),
        "scan" => ("request_policy:special", Some(SPECIAL)),
        "wait" | "waitaof" => (SHARDS, Some("response_policy:agg_min")),
        "dbsize" => (SHARDS, Some(SUM)),
        "keys" => (SHARDS, None),
        "randomkey" | "info" | "function|stats" => (SHARDS, Some(SPECIAL)),
        "memory|doctor" | "memory|stats" | "memory|malloc-stats" => (SHARDS, Some(SPECIAL)),
        "flushall" | "flushdb" | "ping" | "memory|purge" => (SHARDS, Some(ALL)),
        "function|delete" | "function|load" | "function|flush" | "function|restore" => (SHARDS, Some(ALL)),
        "script|kill" | "function|kill" => (SHARDS, Some("response_policy:one_succeeded")),
        "script|exists" => (SHARDS, Some("response_policy:agg_logical_and")),
        "script|load" | "script|flush" | "slowlog|reset" | "client|setinfo" | "client|setname" => (NODES, Some(ALL)),
        "config|resetstat" | "config|set" | "config|rewrite" => (NODES, Some(ALL)),
        "acl|setuser" | "acl|deluser" | "acl|save" => (NODES, Some(ALL)),
        "slowlog|len" | "latency|reset" => (NODES, Some(SUM)),
        "slowlog|get" => (NODES, None),
        "latency|doctor" | "latency|history" | "latency|latest" | "latency|graph" | "latency|histogram" => {
            (NODES, Some(SPECIAL))
        }
        _ => return (None, None),
    };
    (Some(request), response)
}
