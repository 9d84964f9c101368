//! Keeps the frame of who returns the outcome of a call.
//!
//! In `return redis.call(...)` LuaJIT gives the frame of the script away before the call, as a tail call. An error then
//! no longer knows which line of the script it came from, and the reference always says so. So `return f(x)` becomes
//! `return pass(f(x))`, where `pass` returns what it is given. Only calls of what may raise errors of ours are changed:
//! fields (`redis.call`) and the functions of Lua, not the script's own, whose recursion may be deep.
//!
//! The text is known to compile, so it is enough to know words and blocks. Must never know: the machine.

use super::words::{Edit, Words};

/// The function that returns what it is given; the prelude defines it.
const PASS: &[u8] = b" __pass(";

/// Functions of Lua that raise errors.
const RAISING: [&[u8]; 20] = [
    b"tostring",
    b"tonumber",
    b"unpack",
    b"error",
    b"assert",
    b"select",
    b"ipairs",
    b"pairs",
    b"next",
    b"type",
    b"rawget",
    b"rawset",
    b"rawequal",
    b"setmetatable",
    b"getmetatable",
    b"collectgarbage",
    b"pcall",
    b"xpcall",
    b"load",
    b"loadstring",
];

/// Adds what is to be inserted into the text, so that such returns keep their frames.
pub fn edit(text: &[u8], edits: &mut Vec<Edit>) {
    // For each open block, whether a return in it is changed.
    let mut blocks = vec![false];
    let mut words = Words::of(text);
    // Where the last word ended that is no semicolon.
    let mut ended = 0;
    loop {
        let word = words.next();
        let bytes = word.map_or(&b""[..], |word| &text[word.start..word.end]);
        let closes = matches!(bytes, b"end" | b"else" | b"elseif" | b"until") || word.is_none();
        if closes && blocks.pop() == Some(true) {
            edits.push((ended, b")"));
        }
        let Some(word) = word else { break };
        match bytes {
            b"function" | b"do" | b"then" | b"repeat" | b"else" => blocks.push(false),
            b"return" if is_call(words) => {
                edits.push((word.end, PASS));
                if let Some(block) = blocks.last_mut() {
                    *block = true;
                }
            }
            _ => {}
        }
        if bytes != b";" {
            ended = word.end;
        }
    }
}

/// Whether a call of a field, or of a function of Lua, begins here.
fn is_call(mut words: Words<'_>) -> bool {
    let is_name = |word: &[u8]| word.first().is_some_and(|b| b.is_ascii_alphabetic() || *b == b'_');
    let first = words.next_bytes();
    if !is_name(first) {
        return false;
    }
    let mut raises = RAISING.contains(&first);
    loop {
        let sign = words.next_bytes();
        let mut ahead = words;
        if !(matches!(sign, b"." | b":") && is_name(ahead.next_bytes())) {
            return raises && matches!(sign.first(), Some(b'(' | b'{' | b'"' | b'\'' | b'['));
        }
        (raises, words) = (true, ahead);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::script::words;

    fn changed(text: &str) -> String {
        let mut edits = Vec::new();
        edit(text.as_bytes(), &mut edits);
        if edits.is_empty() {
            return "same".into();
        }
        String::from_utf8(words::insert(text.as_bytes(), &mut edits)).unwrap()
    }

    #[test]
    fn calls_of_fields_keep_their_frame() {
        assert_eq!(changed("return redis.call('get', KEYS[1])"), "return __pass( redis.call('get', KEYS[1]))");
        assert_eq!(changed("return a.b('x'), 2; -- end"), "return __pass( a.b('x'), 2); -- end");
        let nested = "if x then return f.g(function() return h.i{} end) else return 1 end return s:rep(2)";
        let expected = "if x then return __pass( f.g(function() return __pass( h.i{}) end)) else return 1 end \
                        return __pass( s:rep(2))";
        assert_eq!(changed(nested), expected);
        assert_eq!(changed("repeat return a.b() until x"), "repeat return __pass( a.b()) until x");
        assert_eq!(changed("return tostring(x)--c\n"), "return __pass( tostring(x))--c\n");
    }

    #[test]
    fn everything_else_is_left_alone() {
        for text in [
            "return 1",
            "return f(x)",
            "return",
            "return a.b",
            "x = 'return a.b()'",
            "-- return a.b()",
            "",
            "--[==[ return a.b() ]] ]==] return x",
            "local s = [[ return a.b() ]]",
            "return {a.b()}",
        ] {
            assert_eq!(changed(text), "same", "{text}");
        }
    }
}
