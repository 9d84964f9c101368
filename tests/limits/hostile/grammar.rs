//! Calls of every verb, made from what COMMAND DOCS says of their arguments: each shape with its optional parts left out, one
//! of them, and all. Whoever uses it puts strange words into the places of values.
//!
//! Must never know: which words are strange. Read next: `numbers.rs`, `lines.rs`.

use super::call;
use brooklet_testkit::{Client, Value};

/// Verbs whose calls would end the test rather than the server, each with its reason; other tests have them.
const LEFT_OUT: &[&str] = &[
    "shutdown",     // it is obeyed
    "client|kill",  // it ends whom it finds, the test included
    "client|pause", // everybody would wait
    "client|reply", // there would be no replies to compare
    "acl|setuser",  // `default` among the names takes away the test's own rights
    "config|set",   // the same, by a password
    "subscribe",    // several replies to a call
    "psubscribe",
    "ssubscribe",
    "unsubscribe",
    "punsubscribe",
    "sunsubscribe",
];

/// One word of a call.
#[derive(Clone, Debug)]
pub struct Word {
    pub text: Vec<u8>,
    /// A value that the client chooses, and no key.
    pub is_value: bool,
    /// A key.
    pub is_key: bool,
}

/// A verb and some calls of it that are spelled as its documentation says.
pub struct Verb {
    pub name: String,
    /// It may wait for something; inside of a transaction it does not.
    pub blocks: bool,
    pub calls: Vec<Vec<Word>>,
}

/// All verbs that take values.
pub fn verbs(client: &mut Client) -> Vec<Verb> {
    let docs = call(client, &["COMMAND", "DOCS"]).items();
    let mut found = Vec::new();
    for pair in docs.chunks(2) {
        entry(&pair[0].text().unwrap(), &pair[1], &mut found);
    }
    found.retain(|verb| !LEFT_OUT.contains(&verb.name.as_str()));
    for verb in &mut found {
        let of = call(client, &["COMMAND", "INFO", &verb.name]);
        let flags = of.items()[0].items()[2].items();
        verb.blocks = flags.contains(&Value::Simple(b"blocking".to_vec()));
    }
    assert!(found.len() > 200, "{} verbs", found.len());
    found
}

fn entry(name: &str, facts: &Value, found: &mut Vec<Verb>) {
    for sub in facts.get("subcommands").unwrap_or(Value::Null).items().chunks(2) {
        entry(&sub[0].text().unwrap(), &sub[1], found);
    }
    let arguments = facts.get("arguments").unwrap_or(Value::Null).items();
    if arguments.is_empty() {
        return;
    }
    let group = facts.get("group").unwrap().text().unwrap();
    let optional: Vec<usize> = (0..arguments.len()).filter(|i| is_optional(&arguments[*i])).collect();
    // None of the optional parts, each alone, all of them; and of alternatives the first, the second, the third.
    let mut choices: Vec<Vec<usize>> = vec![Vec::new()];
    choices.extend(optional.iter().map(|one| vec![*one]));
    choices.push(optional.clone());
    let mut calls: Vec<Vec<Word>> = Vec::new();
    for chosen in &choices {
        for alternative in 0..3 {
            let mut words: Vec<Word> = name.split('|').map(plain).collect();
            let wanted = (0..arguments.len()).filter(|i| !optional.contains(i) || chosen.contains(i));
            wanted.for_each(|i| spell(&arguments[i], alternative, &group, &mut words));
            let is_new = |old: &Vec<Word>| old.iter().map(|w| &w.text).ne(words.iter().map(|w| &w.text));
            if calls.iter().all(is_new) {
                calls.push(words);
            }
        }
    }
    found.push(Verb { name: name.to_owned(), blocks: false, calls });
}

fn is_optional(argument: &Value) -> bool {
    argument.get("flags").is_some_and(|flags| flags.items().contains(&Value::Simple(b"optional".to_vec())))
}

fn plain(text: &str) -> Word {
    Word { text: text.as_bytes().to_vec(), is_value: false, is_key: false }
}

fn spell(argument: &Value, alternative: usize, group: &str, words: &mut Vec<Word>) {
    if let Some(token) = argument.get("token") {
        words.push(plain(&token.text().unwrap()));
    }
    let parts = argument.get("arguments").unwrap_or(Value::Null).items();
    let kind = argument.get("type").unwrap().text().unwrap();
    match kind.as_str() {
        "pure-token" => {}
        "oneof" => spell(&parts[alternative % parts.len()], alternative, group, words),
        "block" => parts.iter().for_each(|part| spell(part, alternative, group, words)),
        "key" => words.push(Word { is_key: true, ..plain(key_of(group)) }),
        _ => {
            let name = argument.get("name").unwrap().text().unwrap();
            words.push(Word { is_value: true, ..plain(value_of(&name)) });
        }
    }
}

/// The key of [`furnish`] that a verb of this group is about.
fn key_of(group: &str) -> &str {
    match group {
        "stream" => "a:stream",
        "hash" => "a:hash",
        "list" => "a:list",
        "set" => "a:set",
        "sorted-set" => "a:zset",
        _ => "a:string",
    }
}

/// Something that usually fits.
fn value_of(name: &str) -> &str {
    match name {
        "start" => "-",
        "end" => "+",
        "group" => "g",
        "consumer" | "newconsumer" => "c",
        "pattern" => "*",
        "script" | "function-code" => "return 1",
        "id" | "last-id" | "lastid" => "1-1",
        "min" | "max" | "protover" => "2",
        "encoding" | "type" => "u8",
        _ => "1",
    }
}

/// Makes the keys that the calls are about as they were.
pub fn furnish(client: &mut Client) {
    call(client, &["FLUSHALL"]);
    for words in [
        &["SET", "a:string", "12"][..],
        &["RPUSH", "a:list", "1", "2", "3"],
        &["HSET", "a:hash", "1", "1", "f", "v"],
        &["SADD", "a:set", "1", "2", "3"],
        &["ZADD", "a:zset", "1", "1", "2", "2"],
        &["XADD", "a:stream", "1-1", "f", "v"],
        &["XADD", "a:stream", "2-1", "f", "v"],
        &["XGROUP", "CREATE", "a:stream", "g", "0"],
        &["XREADGROUP", "GROUP", "g", "c", "COUNT", "1", "STREAMS", "a:stream", ">"],
    ] {
        let reply = call(client, words);
        assert!(!reply.is_error(), "{words:?}: {reply:?}");
    }
}
