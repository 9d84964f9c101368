//! What COMMAND INFO and COMMAND DOCS say of each verb that the reference has too: the same, but for what is listed here.
//! Sentences are our own and are not compared, nor are the names that the reference gives to parts of a grammar.

use brooklet_testkit::server::Data;
use brooklet_testkit::{Client, Protocol, Server, Target, Value};

/// Grammars that differ on purpose.
const OTHER_GRAMMAR: &[(&str, &str)] = &[
    ("bitop", "has operations that are newer than the reference"),
    ("set", "has conditions that are newer than the reference"),
    ("xadd", "has options that are newer than the reference"),
    ("xread", "has options that are newer than the reference"),
    ("xreadgroup", "has options that are newer than the reference"),
    ("xtrim", "has options that are newer than the reference"),
    ("bitfield", "the reference writes a repetition as a flag, we write it out"),
    ("client|kill", "the reference repeats each filter, we repeat the choice"),
    ("debug", "lists what there is"),
    ("script|debug", "the reference writes a choice of words inside another"),
    ("zrangestore", "the reference leaves the word BYSCORE out of its choice"),
];

/// Compares; `Err` says all that differs.
pub fn run(ours: &Target, reference: &Target) -> Result<(), String> {
    let start = |target| Server::start(target, Data::Volatile, &[]).map_err(|why| why.to_string());
    let (our_server, their_server) = (start(ours)?, start(reference)?);
    let connect = |server: &Server| server.connect(Protocol::Resp3).map_err(|why| format!("{why:?}"));
    let (mut us, mut them) = (connect(&our_server)?, connect(&their_server)?);
    let names: Vec<String> = ask(&mut us, &["COMMAND", "LIST"])?.items().iter().filter_map(Value::text).collect();
    let (mut compared, mut wrong) = (0, Vec::new());
    for name in &names {
        let Some(theirs) = info(&mut them, name)? else { continue };
        compared += 1;
        let ours = info(&mut us, name)?.unwrap_or(Value::Null);
        if ours != theirs {
            wrong.push(format!("COMMAND INFO {name}\n  is       {ours:?}\n  expected {theirs:?}"));
        }
        let (ours, theirs) = (docs(&mut us, name)?, docs(&mut them, name)?);
        let may_differ = OTHER_GRAMMAR.iter().any(|(other, _)| other == name);
        if ours.group != theirs.group || ours.since != theirs.since || (!may_differ && ours.grammar != theirs.grammar) {
            wrong.push(format!("COMMAND DOCS {name}\n  is       {ours:?}\n  expected {theirs:?}"));
        }
    }
    match (compared, wrong.is_empty()) {
        (300.., true) => Ok(()),
        (..300, true) => Err(format!("only {compared} verbs were compared")),
        (_, false) => Err(wrong.join("\n")),
    }
}

fn ask(client: &mut Client, words: &[&str]) -> Result<Value, String> {
    client.call(words).map_err(|why| format!("{words:?}: {why:?}"))
}

/// The entry of COMMAND INFO in a form that can be compared: without subcommands (they are compared by themselves) and
/// notes, sets in order.
fn info(client: &mut Client, name: &str) -> Result<Option<Value>, String> {
    let reply = ask(client, &["COMMAND", "INFO", name])?;
    Ok(match reply.items().first() {
        Some(Value::Array(entry)) => Some(Value::Array(entry.iter().take(9).map(plain).collect())),
        _ => None,
    })
}

fn plain(value: &Value) -> Value {
    match value {
        Value::Set(items) => {
            let mut items: Vec<Value> = items.iter().map(plain).collect();
            items.sort_by_key(|item| format!("{item:?}"));
            Value::Set(items)
        }
        Value::Array(items) => Value::Array(items.iter().map(plain).collect()),
        Value::Map(pairs) => {
            let kept = pairs.iter().filter(|(key, _)| key.text().as_deref() != Some("notes"));
            Value::Map(kept.map(|(key, value)| (key.clone(), plain(value))).collect())
        }
        other => other.clone(),
    }
}

/// What is compared of COMMAND DOCS.
#[derive(Debug, Default, PartialEq)]
struct Docs {
    group: String,
    since: String,
    grammar: String,
}

fn docs(client: &mut Client, name: &str) -> Result<Docs, String> {
    let Value::Map(pairs) = ask(client, &["COMMAND", "DOCS", name])? else { return Ok(Docs::default()) };
    let Some((_, Value::Map(facts))) = pairs.first() else { return Ok(Docs::default()) };
    let text = |key| field(facts, key).and_then(Value::text).unwrap_or_default();
    Ok(Docs {
        group: text("group"),
        since: text("since"),
        grammar: field(facts, "arguments").map(grammar).unwrap_or_default(),
    })
}

fn field<'a>(pairs: &'a [(Value, Value)], name: &str) -> Option<&'a Value> {
    pairs.iter().find(|(key, _)| key.text().as_deref() == Some(name)).map(|(_, value)| value)
}

/// The shape of arguments: words, keys, values, blocks and choices, and what may be left out or repeated.
fn grammar(arguments: &Value) -> String {
    let one = |argument: &Value| {
        let Value::Map(facts) = argument else { return String::new() };
        let text = |key| field(facts, key).and_then(Value::text).unwrap_or_default();
        let kind = match &*text("type") {
            kind @ ("block" | "oneof" | "pure-token" | "key") => kind.to_owned(),
            _ => "value".to_owned(),
        };
        let mut flags: Vec<String> =
            field(facts, "flags").map(|f| f.items().iter().filter_map(Value::text).collect()).unwrap_or_default();
        flags.sort();
        let inner = field(facts, "arguments").map(grammar).unwrap_or_default();
        format!("{kind} {} {}({inner})", text("token"), flags.join(" "))
    };
    arguments.items().iter().map(one).collect::<Vec<_>>().join(", ")
}
