//! Keeps the frame of who returns the outcome of a call.
//!
//! In `return redis.call(...)` LuaJIT gives the frame of the script away before the call, as a tail call. An error then
//! no longer knows which line of the script it came from, and the reference always says so. So `return f(x)` becomes
//! `return pass(f(x))`, where `pass` returns what it is given. Only calls of what may raise errors of ours are changed:
//! fields (`redis.call`) and the functions of Lua, not the script's own, whose recursion may be deep.
//!
//! The text is known to compile, so it is enough to know words and blocks. Must never know: the machine.

/// The function that returns what it is given; the prelude defines it.
const PASS: &[u8] = b" __pass(";

/// Functions of Lua that raise errors.
const RAISING: [&[u8]; 9] =
    [b"tostring", b"tonumber", b"unpack", b"error", b"assert", b"select", b"ipairs", b"pairs", b"next"];

/// The text with such returns changed; none if there is none.
pub fn keep_frames(text: &[u8]) -> Option<Vec<u8>> {
    let tokens = tokens(text);
    let word = |at: usize| tokens.get(at).map_or(&b""[..], |token| &text[token.0..token.1]);
    let mut edits: Vec<(usize, &[u8])> = Vec::new();
    // For each open block, whether a return in it is changed.
    let mut blocks = vec![false];
    for at in 0..=tokens.len() {
        let token = word(at);
        let closes = matches!(token, b"end" | b"else" | b"elseif" | b"until") || at == tokens.len();
        if closes && blocks.pop() == Some(true) {
            let last = at.saturating_sub(if at > 0 && word(at - 1) == b";" { 2 } else { 1 });
            edits.push((tokens.get(last)?.1, b")"));
        }
        match token {
            b"function" | b"do" | b"then" | b"repeat" | b"else" => blocks.push(false),
            b"return" if is_call(&word, at + 1) => {
                edits.push((tokens[at].1, PASS));
                *blocks.last_mut()? = true;
            }
            _ => {}
        }
    }
    (!edits.is_empty()).then(|| apply(text, &mut edits))
}

fn apply(text: &[u8], edits: &mut [(usize, &[u8])]) -> Vec<u8> {
    edits.sort_by_key(|(at, _)| *at);
    let mut out = Vec::with_capacity(text.len() + edits.len() * PASS.len());
    let mut from = 0;
    for (at, insert) in edits {
        out.extend_from_slice(&text[from..*at]);
        out.extend_from_slice(insert);
        from = *at;
    }
    out.extend_from_slice(&text[from..]);
    out
}

/// Whether a call of a field, or of a function of Lua, begins here.
fn is_call<'t>(word: &impl Fn(usize) -> &'t [u8], mut at: usize) -> bool {
    let is_name = |word: &[u8]| word.first().is_some_and(|b| b.is_ascii_alphabetic() || *b == b'_');
    if !is_name(word(at)) {
        return false;
    }
    let mut raises = RAISING.contains(&word(at));
    at += 1;
    while matches!(word(at), b"." | b":") && is_name(word(at + 1)) {
        (raises, at) = (true, at + 2);
    }
    raises && matches!(word(at).first(), Some(b'(' | b'{' | b'"' | b'\'' | b'['))
}

/// The words and signs of a text, without comments: where each begins and ends.
fn tokens(text: &[u8]) -> Vec<(usize, usize)> {
    let (mut tokens, mut at) = (Vec::new(), 0);
    while at < text.len() {
        let rest = &text[at..];
        let (len, is_token) = match rest {
            [b' ' | b'\t' | b'\r' | b'\n' | 0x0b | 0x0c, ..] => (1, false),
            [b'-', b'-', after @ ..] => (2 + comment(after), false),
            [b'[', ..] if level(rest).is_some() => (long_bracket(rest), true),
            [quote @ (b'"' | b'\''), ..] => (string(rest, *quote), true),
            [b'0'..=b'9', ..] | [b'.', b'0'..=b'9', ..] => (number(rest), true),
            [b'a'..=b'z' | b'A'..=b'Z' | b'_' | 0x80.., ..] => (name(rest), true),
            _ => (1, true),
        };
        if is_token {
            tokens.push((at, (at + len).min(text.len())));
        }
        at += len;
    }
    tokens
}

fn name(text: &[u8]) -> usize {
    text.iter().take_while(|b| b.is_ascii_alphanumeric() || **b == b'_' || **b >= 0x80).count()
}

fn number(text: &[u8]) -> usize {
    let mut len = 0;
    while let Some(byte) = text.get(len) {
        let after_exponent = len > 0 && matches!(text[len - 1], b'e' | b'E' | b'p' | b'P');
        let belongs = byte.is_ascii_alphanumeric() || *byte == b'.' || (after_exponent && matches!(byte, b'+' | b'-'));
        // A hexadecimal number may end in an e, with a sign behind it.
        if !belongs || (text.starts_with(b"0x") && matches!(byte, b'+' | b'-')) {
            break;
        }
        len += 1;
    }
    len
}

fn string(text: &[u8], quote: u8) -> usize {
    let mut len = 1;
    while let Some(byte) = text.get(len) {
        len += if *byte == b'\\' { 2 } else { 1 };
        if *byte == quote {
            break;
        }
    }
    len
}

/// The level of a long bracket that begins here.
fn level(text: &[u8]) -> Option<usize> {
    let count = text.strip_prefix(b"[")?.iter().take_while(|b| **b == b'=').count();
    (text.get(count + 1) == Some(&b'[')).then_some(count)
}

fn long_bracket(text: &[u8]) -> usize {
    let level = level(text).unwrap_or(0);
    let close = [b"]".as_slice(), &vec![b'='; level], b"]"].concat();
    memchr::memmem::find(text, &close).map_or(text.len(), |at| at + close.len())
}

fn comment(after: &[u8]) -> usize {
    match level(after) {
        Some(_) => long_bracket(after),
        None => memchr::memchr(b'\n', after).unwrap_or(after.len()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changed(text: &str) -> String {
        keep_frames(text.as_bytes()).map_or_else(|| "same".into(), |text| String::from_utf8(text).unwrap())
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

    #[test]
    fn any_bytes_are_taken() {
        let mut rng = fastrand::Rng::with_seed(5);
        let words =
            ["return", "a.b(", "end", "function", "[[", "]]", "'", "\"", "\\", "--", "if", "until", ";", "0x1e+"];
        for _ in 0..2000 {
            let text: Vec<&str> = (0..rng.usize(..9)).map(|_| words[rng.usize(..words.len())]).collect();
            keep_frames(text.join(" ").as_bytes());
        }
    }
}
