//! Makes the strings of a text mean what they mean in Lua 5.1.
//!
//! There a backslash before a letter without a meaning stands for the letter alone, and so it is with any other sign
//! (`'\.'`, `'\%d'`). LuaJIT refuses those, and takes `\x`, `\u` and `\z` for what later versions of Lua mean by them. So
//! such a backslash is taken out before the text is compiled. Lines stay where they are.
//!
//! Must never know: the machine.

use super::words::Words;
use std::borrow::Cow;

/// The text with such backslashes taken out.
pub fn plain(text: &[u8]) -> Cow<'_, [u8]> {
    if memchr::memchr(b'\\', text).is_none() {
        return Cow::Borrowed(text);
    }
    let (mut out, mut from) = (Vec::new(), 0);
    for word in Words::of(text).filter(|word| matches!(text[word.start], b'"' | b'\'')) {
        let mut at = word.start;
        while let Some(found) = memchr::memchr(b'\\', &text[at..word.end]) {
            let backslash = at + found;
            at = (backslash + 2).min(word.end);
            if text[..word.end].get(backslash + 1).is_some_and(|byte| !is_escape(*byte)) {
                out.extend_from_slice(&text[from..backslash]);
                from = backslash + 1;
            }
        }
    }
    if from == 0 {
        return Cow::Borrowed(text);
    }
    out.extend_from_slice(&text[from..]);
    Cow::Owned(out)
}

/// Whether Lua 5.1 and LuaJIT mean the same by a backslash and this.
fn is_escape(byte: u8) -> bool {
    matches!(byte, b'a' | b'b' | b'f' | b'n' | b'r' | b't' | b'v' | b'\\' | b'"' | b'\'' | b'\n' | b'\r' | b'0'..=b'9')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_lua_does_not_know_goes() {
        for (text, expected) in [
            (r"'\.\-\/\%d'", r"'.-/%d'"),
            (r"'\x41\u{41}\z  a'", r"'x41u{41}z  a'"),
            (r#"'\\.' "\\\." '\'\"\n\065'"#, r#"'\\.' "\\." '\'\"\n\065'"#),
            (r"[[ '\.' ]] --[[ '\.' ]] '\.' -- '\.'", r"[[ '\.' ]] --[[ '\.' ]] '.' -- '\.'"),
            ("'a\\\nb' '\\.'", "'a\\\nb' '.'"),
            (r"'\é' '\", r"'é' '\"),
            (r"a \. b", r"a \. b"),
        ] {
            assert_eq!(String::from_utf8_lossy(&plain(text.as_bytes())), expected, "{text}");
        }
    }
}
