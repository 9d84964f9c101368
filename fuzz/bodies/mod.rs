//! What the fuzz targets do with their bytes. The same bodies run over the corpus in the ordinary tests
//! (`tests/embed/corpus.rs`). A body panics when something is wrong, and must never hang.

#![allow(dead_code, unused_imports, reason = "each target takes one")]

mod acl;
mod desk;
mod grammar;
mod record;
mod request;
mod verbs;

pub use acl::acl;
pub use record::{batch, record};
pub use request::request;
pub use verbs::verbs;

use brooklet::glob::{self, Case};
use brooklet::{Broker, Reply};
use desk::Desk;

/// A pattern (before the first zero byte) and a text (after it) are matched in bounded time.
pub fn glob(bytes: &[u8]) {
    let mut halves = bytes.splitn(2, |b| *b == 0);
    let (pattern, text) = (halves.next().unwrap_or_default(), halves.next().unwrap_or_default());
    let exact = glob::matches(pattern, text, Case::Exact);
    // A class may be one of what does not match, or reach from one case to the other.
    let plain = !pattern.contains(&b'[');
    assert!(!(exact && plain) || glob::matches(pattern, text, Case::Ignore), "ignoring case matches no less");
    assert!(!glob::is_literal(pattern) || exact == (pattern == text), "a pattern without signs is a text");
}

/// Any text after a flag is a value or is refused with a sentence; what was refused has changed nothing.
pub fn config(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let words: Vec<&[u8]> = text.split('\n').map(str::as_bytes).collect();
    let mut config = brooklet::config::Config::default();
    let before = format!("{config:?}");
    if let Err(error) = config.set(words) {
        assert!(error.to_string().starts_with("ERR "), "{error}");
        assert_eq!(format!("{config:?}"), before, "{error}");
    }
}

/// A session survives any calls: one a line, arguments separated by tabs.
pub fn session(bytes: &[u8]) {
    let mut desk = Desk::new();
    for line in bytes.split(|b| *b == b'\n').take(64) {
        let call: Vec<&[u8]> = line.split(|b| *b == b'\t').collect();
        desk.call(&call);
    }
}

/// What the libraries of scripts make of any bytes: a value or an error, and the script goes on. The bytes are also a
/// program, which is compiled and not run.
pub fn script(bytes: &[u8]) {
    const SCRIPT: &str = "
        local uses = {
            function(x) return cjson.decode(cjson.encode(cjson.decode(x))) end,
            function(x) return cmsgpack.unpack(cmsgpack.pack(cmsgpack.unpack(x))) end,
            function(x) return cmsgpack.unpack_limit(x, 2, #x % 5) end,
            function(x) return struct.unpack(x, x) end,
            function(x) return struct.pack(x, 1, x, 2.5) end,
            function(x) return struct.size(x) end,
            function(x) return loadstring(x) end,
        }
        for _, use in ipairs(uses) do pcall(use, ARGV[1]) end
        return #uses";
    let broker = Broker::in_memory();
    let session = broker.session();
    let reply = session.call([b"EVAL".as_slice(), SCRIPT.as_bytes(), b"0", bytes]);
    assert_eq!(reply.expect("an answer"), Reply::Integer(7));
}
