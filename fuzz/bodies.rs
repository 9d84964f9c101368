//! What the fuzz targets do with their bytes. The same bodies run over the corpus in the ordinary tests
//! (`tests/embed/corpus.rs`). A body panics when something is wrong, and must never hang.

#![allow(dead_code)]

use brooklet::glob::{self, Case};
use brooklet::resp::{Decoder, Limits};
use brooklet::{Broker, Reply};
use brooklet_storage::batch;

/// Any bytes, however they are split, decode to the same calls and the same error.
pub fn request(bytes: &[u8]) {
    let whole = decode(bytes, bytes.len().max(1));
    for step in [1, 2, 7] {
        assert_eq!(whole, decode(bytes, step), "split every {step} bytes");
    }
}

fn decode(bytes: &[u8], step: usize) -> (Vec<Vec<Vec<u8>>>, Option<String>) {
    let mut decoder = Decoder::new(Limits { max_bulk: 1 << 16, ..Limits::default() }.trusted());
    let (mut calls, mut error) = (Vec::new(), None);
    for part in bytes.chunks(step) {
        decoder.buffer_mut().extend_from_slice(part);
        while let Some(burst) = decoder.decode(16) {
            calls.extend(burst.iter().map(|args| args.iter().map(<[u8]>::to_vec).collect()));
            error = error.or(burst.error.as_ref().map(ToString::to_string));
            decoder.recycle(burst);
        }
    }
    (calls, error)
}

/// A pattern (before the first zero byte) and a text (after it) are matched in bounded time.
pub fn glob(bytes: &[u8]) {
    let mut halves = bytes.splitn(2, |b| *b == 0);
    let (pattern, text) = (halves.next().unwrap_or_default(), halves.next().unwrap_or_default());
    let exact = glob::matches(pattern, text, Case::Exact);
    assert!(!exact || glob::matches(pattern, text, Case::Ignore), "ignoring case matches no less");
}

/// Any bytes are a batch or are refused.
pub fn batch(bytes: &[u8]) {
    let _ = batch::read(bytes, |effect| {
        let mut again = Vec::new();
        effect.encode(&mut again);
        assert!(!again.is_empty());
        Ok(())
    });
}

/// Any text after a flag is a value or is refused with a sentence.
pub fn config(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let words: Vec<&[u8]> = text.split('\n').map(str::as_bytes).collect();
    let mut config = brooklet::config::Config::default();
    if let Err(error) = config.set(words) {
        assert!(error.to_string().starts_with("ERR "), "{error}");
    }
}

/// A session survives any calls: one a line, arguments separated by tabs.
pub fn session(bytes: &[u8]) {
    let broker = Broker::builder().manual_clock().build().expect("memory");
    let session = broker.session();
    for line in bytes.split(|b| *b == b'\n').take(64) {
        let call: Vec<&[u8]> = line.split(|b| *b == b'\t').collect();
        if waits(&call) {
            continue;
        }
        if let Ok(Reply::Error(line)) = session.call(&call) {
            assert!(!line.contains(['\r', '\n']), "{line:?}");
        }
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

/// Calls that would wait for another session, or end the process.
fn waits(call: &[&[u8]]) -> bool {
    let is = |arg: &[u8], word: &str| arg.eq_ignore_ascii_case(word.as_bytes());
    let first = call.first().copied().unwrap_or_default();
    ["shutdown", "debug", "wait", "waitaof", "client", "save", "config"].iter().any(|word| is(first, word))
        || call.iter().any(|arg| is(arg, "block"))
}
