//! Has loops with a step of zero end where they end in Lua 5.1.
//!
//! There `for i = 1, 10, 0 do` runs no round at all; LuaJIT runs it for ever. It looks at the sign of the step, and to a zero
//! with the sign of a negative number it does what Lua 5.1 does to any zero. So `for i = a, b, c do` becomes
//! `for i = a, b, step(c) do` where the step is not a number that can be seen not to be zero.
//!
//! The text is known to compile, so it is enough to know words and blocks. Must never know: the machine.

use super::words::{Edit, Word, Words};

/// The function that returns the step with the right sign; the prelude defines it.
const STEP: &[u8] = b" __step(";

/// What is open where a word stands.
#[derive(Clone, Copy)]
enum Open {
    Bracket,
    Block,
    /// The head of a loop: commas behind its `=`, and where the step begins.
    Head {
        commas: Option<u8>,
        step: usize,
    },
}

/// Adds what is to be inserted into the text.
pub fn edit(text: &[u8], edits: &mut Vec<Edit>) {
    let mut open = Vec::new();
    let mut last = Word::default();
    for word in Words::of(text) {
        match (&text[word.start..word.end], open.last_mut()) {
            (b"for", _) => open.push(Open::Head { commas: None, step: 0 }),
            (b"=", Some(Open::Head { commas, .. })) => *commas = Some(0),
            (b",", Some(Open::Head { commas: Some(commas), step })) => {
                *commas += 1;
                *step = word.end;
            }
            (b"(" | b"[" | b"{", _) => open.push(Open::Bracket),
            (b"do", Some(Open::Head { commas, step })) => {
                if *commas == Some(2) && !is_never_zero(&text[*step..last.end]) {
                    edits.extend([(*step, STEP), (last.end, &b")"[..])]);
                }
                open.pop();
                open.push(Open::Block);
            }
            (b"function" | b"if" | b"repeat" | b"do", _) => open.push(Open::Block),
            (b")" | b"]" | b"}" | b"end" | b"until", _) => drop(open.pop()),
            _ => {}
        }
        last = word;
    }
}

/// Whether a step is a decimal number that is not zero.
fn is_never_zero(step: &[u8]) -> bool {
    let digits = step.trim_ascii();
    let digits = digits.strip_prefix(b"-").unwrap_or(digits);
    digits.iter().all(|byte| byte.is_ascii_digit() || *byte == b'.') && digits.iter().any(|b| (b'1'..=b'9').contains(b))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::script::words;

    fn changed(text: &str) -> String {
        let mut edits = Vec::new();
        edit(text.as_bytes(), &mut edits);
        String::from_utf8(words::insert(text.as_bytes(), &mut edits)).unwrap()
    }

    #[test]
    fn steps_that_may_be_zero_are_looked_at() {
        assert_eq!(changed("for i=1,2,0 do end"), "for i=1,2, __step(0) do end");
        assert_eq!(changed("for i=a(1,2),b[c{1,2}],x do end"), "for i=a(1,2),b[c{1,2}], __step(x) do end");
        let nested = "for i=1,f(function() for j=1,2,k do end end),s do while x do end end";
        let expected = "for i=1,f(function() for j=1,2, __step(k) do end end), __step(s) do while x do end end";
        assert_eq!(changed(nested), expected);
    }

    #[test]
    fn other_loops_are_left_alone() {
        for text in ["for i=1,2 do end", "for i=1,10,-2 do end", "for i=1,2,.5 do end", "for k,v,w in a,b,c do end"] {
            assert_eq!(changed(text), text);
        }
        assert_eq!(changed("do x=1,2,3 end if a then f(1,2,3) end"), "do x=1,2,3 end if a then f(1,2,3) end");
    }
}
