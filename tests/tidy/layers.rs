//! Layers: who may name whom. What crate boundaries and clippy cannot see.

use crate::none;
use crate::source::Source;
use crate::tree;

/// A rule: in these folders (but not in those), these words do not stand in code outside of tests.
struct Rule {
    why: &'static str,
    within: &'static [&'static str],
    except: &'static [&'static str],
    words: &'static [&'static str],
}

const RULES: &[Rule] = &[
    Rule {
        why: "RocksDB is named in storage/src/backend/rocks and nowhere else",
        within: &["src/", "storage/src/", "tests/", "examples/", "benches/"],
        except: &["storage/src/backend/rocks/"],
        words: &["rocksdb", "rust_rocksdb", "librocksdb_sys"],
    },
    Rule {
        why: "the RocksDB backend is chosen in one place and given its budget in one place",
        within: &["src/", "storage/src/", "tests/", "examples/"],
        except: &["storage/src/backend/", "storage/src/open/folder.rs", "src/broker/budget.rs", "benches/"],
        words: &["rocks"],
    },
    Rule {
        why: "storage is synchronous and has never heard of the protocol",
        within: &["storage/src/"],
        except: &[],
        words: &["tokio", "async", "await", "redis_protocol", "resp", "Reply", "TcpStream"],
    },
    Rule {
        why: "a verb touches no socket, no runtime, no encoding",
        within: &["src/command/"],
        except: &[],
        words: &["tokio", "TcpStream", "async", "encode", "crate::server"],
    },
    Rule {
        why: "replies and the wire know nobody",
        within: &["src/resp/", "src/reply.rs"],
        except: &[],
        words: &["crate::broker", "crate::server", "crate::session", "crate::config"],
    },
    Rule {
        why: "the broker has no sockets",
        within: &["src/broker/", "src/session.rs"],
        except: &[],
        words: &["TcpStream", "TcpListener", "crate::server"],
    },
    Rule {
        why: "TLS is spoken in one file, and its certificates are read in another",
        within: &["src/"],
        except: &["src/tls.rs", "src/server/encrypted.rs"],
        words: &["rustls"],
    },
    Rule {
        why: "the machine of scripts has never heard of the engine",
        within: &["src/script/"],
        except: &[],
        words: &["crate::broker", "crate::server", "crate::session", "Engine", "Ctx", "tokio"],
    },
    Rule {
        why: "only the committer appends to the journal (the settler's checkpoint goes through it)",
        within: &["src/"],
        except: &["src/broker/commit.rs", "src/broker/commit/tests.rs", "src/broker/shared.rs", "src/broker/budget.rs"],
        words: &["Journal", "FileJournal", "Syncer"],
    },
];

impl Rule {
    fn covers(&self, source: &Source) -> bool {
        let below = |folders: &[&str]| folders.iter().any(|folder| source.path.starts_with(folder));
        below(self.within) && !below(self.except)
    }
}

#[test]
fn layers_hold() {
    let mut complaints = Vec::new();
    for source in tree::sources() {
        for rule in RULES.iter().filter(|rule| rule.covers(&source)) {
            for word in rule.words {
                let lines = source.lines_with(word);
                complaints.extend(lines.iter().map(|n| format!("{}:{n}: `{word}`: {}", source.path, rule.why)));
            }
        }
    }
    none("a layer names what it must never know", &complaints);
}

/// The folders of verbs: those in `src/command/` but for the error texts.
fn groups() -> Vec<String> {
    let folder = std::fs::read_dir(tree::root().join("src/command")).expect("src/command");
    let names = folder.flatten().filter(|e| e.path().is_dir()).map(|e| e.file_name().to_string_lossy().into_owned());
    names.filter(|name| name != "error").collect()
}

#[test]
fn the_broker_names_no_verb() {
    let groups = groups();
    let mut complaints = Vec::new();
    for source in tree::sources().into_iter().filter(|s| s.path.starts_with("src/broker/")) {
        let code: String = source.product_code().split_whitespace().collect();
        for (at, _) in code.match_indices("command::") {
            let rest = &code[at + "command::".len()..];
            let named = rest.strip_prefix('{').map_or(rest, |list| &list[..list.find('}').unwrap_or(list.len())]);
            let first = |part: &str| {
                part.split("::").next().unwrap_or_default().split([';', ',', ')']).next().map(str::to_owned)
            };
            let parts = if rest.starts_with('{') {
                named.split(',').filter_map(first).collect()
            } else {
                vec![first(named).unwrap_or_default()]
            };
            let verbs = parts.iter().filter(|part| groups.contains(part));
            complaints.extend(verbs.map(|group| format!("{}: command::{group}", source.path)));
        }
    }
    none("the broker runs functions from a spec, it names no verb's file", &complaints);
}

/// First words of error lines that clients compare.
const CODES: &[&str] = &[
    "ERR",
    "WRONGTYPE",
    "NOAUTH",
    "WRONGPASS",
    "NOPERM",
    "NOGROUP",
    "BUSYGROUP",
    "BUSY",
    "NOSCRIPT",
    "OOM",
    "MISCONF",
    "NOPROTO",
    "EXECABORT",
    "LOADING",
    "UNBLOCKED",
    "UNKILLABLE",
    "NOTBUSY",
    "MASTERDOWN",
    "READONLY",
    "NOREPLICAS",
    "CROSSSLOT",
    "CLUSTERDOWN",
    "INPROG",
    "DENIED",
];

/// Where wire texts stand. The load generator is a client: it only recognises what others send.
const TEXTS: &[&str] =
    &["src/command/error/", "src/config/error.rs", "src/resp/error.rs", "src/script/error.rs", "src/cli/bench/"];

#[test]
fn error_texts_stand_in_one_place() {
    let begins = |text: &str| {
        let text = text.strip_prefix('-').unwrap_or(text);
        CODES.iter().any(|code| text.strip_prefix(code).is_some_and(|rest| rest.starts_with(' ') && rest.len() > 1))
    };
    let mut complaints = Vec::new();
    let elsewhere = |s: &Source| s.path.starts_with("src/") && !TEXTS.iter().any(|place| s.path.starts_with(place));
    for source in tree::sources().into_iter().filter(elsewhere) {
        let texts = source.product_strings().filter(|(_, text)| begins(text));
        complaints.extend(texts.map(|(line, text)| format!("{}:{line}: {text:?}", source.path)));
    }
    none("a wire error text stands in src/command/error/, once", &complaints);
}
