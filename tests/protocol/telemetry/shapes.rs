//! The other answers that exporters, agents and people take apart have the reference's shape: options, latencies, the
//! slow log, memory, clients, modules. Names and kinds are compared; values are each server's own.

use brooklet_testkit::server::Data;
use brooklet_testkit::{Client, Protocol, Server, Target, Value};

use super::{Outcome, ask, verdict};

/// Calls that leave something to tell, on both servers.
const BEFORE: &[&str] = &[
    "CONFIG SET slowlog-log-slower-than 0",
    "CONFIG SET latency-monitor-threshold 15",
    "SET k v",
    "CONFIG GET port",
    "XADD s 1-1 f v",
    "XGROUP CREATE s g 0",
    "DEBUG SLEEP 0.03",
];

/// Answers of one shape, in the order in which an exporter asks for them, and then those that people ask for.
const ASKED: &[&str] = &[
    "CLIENT SETNAME redis_exporter",
    "LATENCY LATEST",
    "LATENCY HISTOGRAM xgroup set nosuch",
    "SLOWLOG LEN",
    "SLOWLOG GET 1",
    "COMMAND INFO COMMANDLOG",
    "LATENCY HISTORY command",
    "LATENCY GRAPH command",
    "LATENCY DOCTOR",
    "LATENCY HELP",
    "MEMORY STATS",
    "MEMORY DOCTOR",
    "MEMORY MALLOC-STATS",
    "MEMORY PURGE",
    "MEMORY USAGE s",
    "MEMORY HELP",
    "SLOWLOG HELP",
    "LASTSAVE",
    "TIME",
    "ROLE",
    "DBSIZE",
    "LATENCY RESET command",
    "LATENCY HISTORY command",
    "LATENCY RESET",
    "SLOWLOG RESET",
    "CONFIG RESETSTAT",
];

/// Compares.
pub fn run(ours: &Target, reference: &Target) -> Outcome {
    let mut wrong = Vec::new();
    for protocol in Protocol::ALL {
        let (our, their) = (open(ours, protocol)?, open(reference, protocol)?);
        let (mut us, mut them) = (our.1, their.1);
        for call in ASKED {
            let words: Vec<&str> = call.split(' ').collect();
            let (is, expected) = (shape(&ask(&mut us, &words)?), shape(&ask(&mut them, &words)?));
            if is != expected {
                wrong.push(format!("{} {call}\n  is       {is}\n  expected {expected}", protocol.name()));
            }
        }
        wrong.extend(options(&mut us, &mut them)?);
        wrong.extend(clients(&mut us, &mut them)?);
        let modules = ask(&mut us, &["MODULE", "LIST"])?;
        if modules != Value::Array(Vec::new()) {
            wrong.push(format!("MODULE LIST: {modules:?}"));
        }
    }
    verdict(wrong)
}

fn open(target: &Target, protocol: Protocol) -> Result<(Server, Client), String> {
    let flags = ["--enable-debug-command".to_owned(), "yes".to_owned()];
    let server = Server::start(target, Data::Volatile, &flags).map_err(|e| e.to_string())?;
    let mut client = server.connect(protocol).map_err(|e| e.to_string())?;
    for call in BEFORE {
        let reply = ask(&mut client, &call.split(' ').collect::<Vec<_>>())?;
        if reply.is_error() {
            return Err(format!("{call}: {reply:?}"));
        }
    }
    Ok((server, client))
}

/// Kinds and names, without values. Rows of one shape are one.
fn shape(value: &Value) -> String {
    let list = |items: &[Value]| {
        let mut rows: Vec<String> = items.iter().map(shape).collect();
        rows.dedup();
        rows.join(" ")
    };
    match value {
        Value::Integer(_) => "n".to_owned(),
        Value::Double(_) => "d".to_owned(),
        Value::Bulk(text) if is_number(text) => "d".to_owned(),
        Value::Bulk(text) if text.iter().all(|b| b.is_ascii_graphic() && *b != b':') => {
            format!("'{}'", String::from_utf8_lossy(text))
        }
        Value::Bulk(_) => "text".to_owned(),
        Value::Verbatim(_) => "verbatim".to_owned(),
        Value::Simple(_) => "status".to_owned(),
        Value::Error(why) => format!("error {}", String::from_utf8_lossy(why)),
        Value::Array(items) => format!("[{}]", list(items)),
        Value::Map(pairs) => {
            let mut pairs: Vec<String> = pairs.iter().map(|(k, v)| format!("{}: {}", shape(k), shape(v))).collect();
            pairs.dedup();
            format!("{{{}}}", pairs.join(", "))
        }
        other => format!("{other:?}"),
    }
}

fn is_number(text: &[u8]) -> bool {
    std::str::from_utf8(text).is_ok_and(|text| text.parse::<f64>().is_ok())
}

/// CONFIG GET * names all that the reference names.
fn options(us: &mut Client, them: &mut Client) -> Result<Vec<String>, String> {
    let names = |client: &mut Client| -> Result<Vec<String>, String> {
        let reply = ask(client, &["CONFIG", "GET", "*"])?;
        Ok(reply.items().iter().step_by(2).filter_map(Value::text).collect())
    };
    let (ours, theirs) = (names(us)?, names(them)?);
    let missing = theirs.into_iter().filter(|name| !ours.contains(name));
    Ok(missing.map(|name| format!("CONFIG GET * lacks {name}")).collect())
}

/// The names in a line of CLIENT LIST, in their order. What follows is newer than the reference.
fn clients(us: &mut Client, them: &mut Client) -> Result<Option<String>, String> {
    let names = |client: &mut Client| -> Result<Vec<String>, String> {
        let line = ask(client, &["CLIENT", "LIST"])?.text().unwrap_or_default();
        let line = line.lines().next().unwrap_or_default().to_owned();
        Ok(line.split(' ').filter_map(|field| Some(field.split_once('=')?.0.to_owned())).collect())
    };
    let (ours, theirs) = (names(us)?, names(them)?);
    Ok((!ours.starts_with(&theirs)).then(|| format!("CLIENT LIST has {ours:?}\nexpected {theirs:?}")))
}
