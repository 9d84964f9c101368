//! The texts that programs compare, letter by letter: each is proven by a call that gets precisely it, in RESP2 and in
//! RESP3, from our server and from the reference, or has the reason why it is never said here.

use brooklet_testkit::client::{NoReply, PATIENCE};
use brooklet_testkit::server::Data;
use brooklet_testkit::{Client, Protocol, Server, Target, Value, words};

/// How a text comes to be seen.
enum Proof {
    /// The last of these calls on a new server with these flags is answered with it.
    Calls(&'static str, &'static [&'static str]),
    /// The same, where scripts are part of the build.
    Script(&'static [&'static str]),
    /// So is whoever connects when there are too many.
    Crowd,
    /// It is not: why.
    Never(&'static str),
}
use Proof::{Calls, Crowd, Never, Script};

const NO_REPLICAS: &str = "no replicas: nobody is one, and none can be missing";
const ONE_NODE: &str = "a cluster has one node, with all slots";

const LITERALS: &[(&str, Proof)] = &[
    (
        "BUSYGROUP Consumer Group name already exists",
        Calls("", &["XGROUP CREATE s g 0 MKSTREAM", "XGROUP CREATE s g $"]),
    ),
    ("ERR no such key", Calls("", &["XINFO STREAM none"])),
    ("ERR no such key", Calls("", &["XINFO GROUPS none"])),
    ("ERR no such key", Calls("", &["RENAME none other"])),
    (
        "NOGROUP No such key 's' or consumer group 'g' in XREADGROUP with GROUP option",
        Calls("", &["XADD s 1-1 f v", "XREADGROUP GROUP g c STREAMS s >"]),
    ),
    ("NOGROUP No such key 's' or consumer group 'g'", Calls("", &["XPENDING s g"])),
    ("NOGROUP No such key 's' or consumer group 'g'", Calls("", &["XAUTOCLAIM s g c 0 0"])),
    ("NOSCRIPT No matching script. Please use EVAL.", Script(&["EVALSHA ffffffffffffffffffffffffffffffffffffffff 0"])),
    ("LOADING Redis is loading the dataset in memory", Never("clients are let in when everything is loaded")),
    ("NOPROTO unsupported protocol version", Calls("", &["HELLO 4"])),
    ("ERR unknown command 'HELLO'", Never("HELLO is known; who needs another protocol reads NOPROTO")),
    ("ERR wrong number of arguments for 'auth' command", Calls("", &["AUTH"])),
    ("ERR Client sent AUTH, but no password is set", Never("the text before Redis 6; the next line is today's")),
    (
        "ERR AUTH <password> called without any password configured for the default user. Are you sure your configuration is correct?",
        Calls("", &["AUTH secret"]),
    ),
    ("READONLY You can't write against a read only replica.", Never(NO_REPLICAS)),
    ("MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.", Never(NO_REPLICAS)),
    ("NOREPLICAS Not enough good replicas to write.", Never(NO_REPLICAS)),
    ("CLUSTERDOWN Hash slot not served", Never(ONE_NODE)),
    ("TRYAGAIN Multiple keys request during rehashing of slot", Never(ONE_NODE)),
    ("ASK", Never(ONE_NODE)),
    ("MOVED", Never(ONE_NODE)),
    ("CROSSSLOT Keys in request don't hash to the same slot", Calls("--cluster-enabled yes", &["MGET a b"])),
    ("ERR SELECT is not allowed in cluster mode", Calls("--cluster-enabled yes", &["SELECT 1"])),
    ("ERR This instance has cluster support disabled", Calls("", &["CLUSTER SLOTS"])),
    ("OOM command not allowed when used memory > 'maxmemory'.", Calls("", &["CONFIG SET maxmemory 1", "SET k v"])),
    ("EXECABORT Transaction discarded because of previous errors.", Calls("", &["MULTI", "NOSUCHVERB", "EXEC"])),
    ("NOAUTH Authentication required.", Calls("--requirepass x", &["PING"])),
    (
        "NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO <proto> AUTH <user> <pass> option can be used to authenticate the client and select the RESP protocol version at the same time",
        Calls("--requirepass x", &["HELLO 3"]),
    ),
    ("WRONGPASS invalid username-password pair or user is disabled.", Calls("--requirepass x", &["AUTH y"])),
    (
        "NOPERM User u has no permissions to run the 'get' command",
        Calls("", &["ACL SETUSER u on >x ~a* +set +incr", "AUTH u x", "GET a"]),
    ),
    ("NOPERM No permissions to access a key", Calls("", &["ACL SETUSER u on >x ~a* +set", "AUTH u x", "SET b 1"])),
    (
        "NOPERM No permissions to access a channel",
        Calls("", &["ACL SETUSER u on >x resetchannels +publish", "AUTH u x", "PUBLISH c m"]),
    ),
    ("ERR max number of clients reached", Crowd),
    ("ERR unknown command 'NOSUCH', with args beginning with: 'a' 'b' ", Calls("", &["NOSUCH a b"])),
    ("ERR unknown command 'SENTINEL', with args beginning with: 'MASTERS' ", Calls("", &["SENTINEL MASTERS"])),
    ("ERR unknown subcommand 'NOSUCH'. Try CLIENT HELP.", Calls("", &["CLIENT NOSUCH"])),
    ("WRONGTYPE Operation against a key holding the wrong kind of value", Calls("", &["SET k v", "XADD k * f v"])),
    ("NOTBUSY No scripts in execution right now.", Script(&["SCRIPT KILL"])),
];

/// Proves them all; `Err` says which are not.
pub fn run(ours: &Target, reference: &Target) -> Result<(), String> {
    let mut wrong = Vec::new();
    for (whose, target) in [("ours", ours), ("the reference", reference)] {
        for protocol in Protocol::ALL {
            for (text, proof) in LITERALS {
                match prove(target, protocol, proof) {
                    Ok(None) => {}
                    Ok(Some(Value::Error(said))) if said == text.as_bytes() => {}
                    other => wrong.push(format!("{whose}, {}: {other:?}\n  expected {text}", protocol.name())),
                }
            }
        }
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n")) }
}

fn prove(target: &Target, protocol: Protocol, proof: &Proof) -> Result<Option<Value>, String> {
    match proof {
        Calls(flags, calls) => play(target, protocol, flags, calls).map(Some),
        Script(calls) if cfg!(feature = "scripting") => play(target, protocol, "", calls).map(Some),
        Crowd => crowd(target, protocol).map(Some),
        Never("") => Err("no reason".to_owned()),
        Script(_) | Never(_) => Ok(None),
    }
}

fn start(target: &Target, flags: &str) -> Result<Server, String> {
    let flags: Vec<String> = flags.split_whitespace().map(str::to_owned).collect();
    Server::start(target, Data::Volatile, &flags).map_err(|e| e.to_string())
}

fn connect(server: &Server, protocol: Protocol) -> Result<Client, String> {
    server.connect(protocol).map_err(|e| e.to_string())
}

fn play(target: &Target, protocol: Protocol, flags: &str, calls: &[&str]) -> Result<Value, String> {
    let server = start(target, flags)?;
    let mut client = connect(&server, protocol)?;
    let mut last = Err("no calls".to_owned());
    for call in calls {
        last = client.call(&words::split(call)?).map_err(|why| format!("{call}: {why:?}"));
    }
    last
}

/// The text comes before anything was said, so in RESP2 whatever is spoken later.
fn crowd(target: &Target, protocol: Protocol) -> Result<Value, String> {
    let server = start(target, "")?;
    let mut client = connect(&server, protocol)?;
    client.call(&["CONFIG", "SET", "maxclients", "1"]).map_err(|why| format!("{why:?}"))?;
    let mut other = connect(&server, Protocol::Resp2)?;
    other.read(PATIENCE).map_err(|why| format!("{why:?}"))
}

/// A pipeline in which logging in fails, first or later: every call is answered. (The reference leaves one out, which
/// StackExchange.Redis waits for; so only ours is asked.)
pub fn all_are_answered(ours: &Target) -> Result<(), String> {
    let server = start(ours, "--requirepass x")?;
    let pipeline = ["AUTH wrong", "HELLO 3", "CLIENT ID", "AUTH default wrong", "ECHO x", "AUTH x", "PING", "NOSUCH"];
    let mut client = connect(&server, Protocol::Resp2)?;
    let bytes: Vec<u8> = pipeline.iter().flat_map(|call| format!("{call}\r\n").into_bytes()).collect();
    client.send_raw(&bytes).map_err(|why| format!("{why:?}"))?;
    let mut said = Vec::new();
    for call in pipeline {
        let reply = client.read(PATIENCE).map_err(|why: NoReply| format!("{call}: {why:?}"))?;
        let text = reply.text().unwrap_or_default();
        said.push(text.split(' ').next().unwrap_or_default().to_owned());
    }
    let expected = ["WRONGPASS", "NOAUTH", "NOAUTH", "WRONGPASS", "NOAUTH", "OK", "PONG", "ERR"];
    if said == expected { Ok(()) } else { Err(format!("answers were {said:?}")) }
}
