//! One Rust file, with comments and texts told apart from code. A scanner, no parser: it knows what ends a comment, a
//! literal and a block, and that is enough for the rules.

/// A scanned file.
pub struct Source {
    /// Relative to the root.
    pub path: String,
    /// As it stands.
    pub text: String,
    /// The same, of the same length, with comments and the insides of literals blanked.
    pub code: String,
    /// Line and content of each string literal.
    pub strings: Vec<(usize, String)>,
}

/// A function: its name, its first line and how many lines it has.
pub struct Function {
    pub name: String,
    pub line: usize,
    pub lines: usize,
}

impl Source {
    /// Scans `text`.
    pub fn new(path: &str, text: &str) -> Source {
        let mut scan = Scan { text, at: 0, code: text.as_bytes().to_vec(), strings: Vec::new() };
        scan.run();
        let code = String::from_utf8_lossy(&scan.code).into_owned();
        Source { path: path.to_owned(), text: text.to_owned(), code, strings: scan.strings }
    }

    /// Whether the whole file is a test.
    pub fn is_test(&self) -> bool {
        let name = self.path.rsplit('/').next().unwrap_or_default();
        let names = ["tests.rs", "properties.rs", "conformance.rs"];
        self.path.split('/').any(|part| part == "tests") || name.ends_with("_tests.rs") || names.contains(&name)
    }

    /// The code outside of `#[cfg(test)]` blocks; empty for a test.
    pub fn product_code(&self) -> String {
        let mut code = self.code.clone().into_bytes();
        if self.is_test() {
            return String::new();
        }
        while let Some(start) = find(&code, b"#[cfg(test)]", 0) {
            let open = code[start..].iter().position(|b| matches!(b, b'{' | b';')).map_or(code.len(), |n| start + n);
            let end = if code.get(open) == Some(&b'{') { block_end(&code, open) } else { open };
            let end = (end + 1).min(code.len());
            blank(&mut code[start..end]);
        }
        String::from_utf8_lossy(&code).into_owned()
    }

    /// String literals of [`Source::product_code`], with their lines.
    pub fn product_strings(&self) -> impl Iterator<Item = &(usize, String)> {
        let lines: Vec<bool> = self.product_code().lines().map(|line| !line.trim().is_empty()).collect();
        self.strings.iter().filter(move |(line, _)| lines.get(line - 1).copied().unwrap_or_default())
    }

    /// Lines of [`Source::product_code`] that hold `word` as a whole word.
    pub fn lines_with(&self, word: &str) -> Vec<usize> {
        let holds = |line: &str| line.match_indices(word).any(|(at, _)| is_word(line, at, word.len()));
        self.product_code().lines().enumerate().filter(|(_, line)| holds(line)).map(|(n, _)| n + 1).collect()
    }

    /// All functions with a body.
    pub fn functions(&self) -> Vec<Function> {
        let code = self.code.as_bytes();
        let starts = self.code.match_indices("fn ").filter(|(at, _)| is_word(&self.code, *at, 2));
        let bodies = starts.filter_map(|(at, _)| {
            let open = at + code[at..].iter().position(|b| matches!(b, b'{' | b';'))?;
            let name: String = self.code[at + 3..].chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            (code[open] == b'{' && !name.is_empty()).then(|| (at, block_end(code, open), name))
        });
        let line_of = |at: usize| self.code[..at].matches('\n').count() + 1;
        bodies
            .map(|(at, end, name)| Function { name, line: line_of(at), lines: line_of(end) - line_of(at) + 1 })
            .collect()
    }
}

fn is_word(text: &str, at: usize, len: usize) -> bool {
    let part = |b: Option<&u8>| b.is_some_and(|b| b.is_ascii_alphanumeric() || *b == b'_');
    let bytes = text.as_bytes();
    !((at > 0 && part(bytes.get(at - 1))) || part(bytes.get(at + len)))
}

fn find(bytes: &[u8], what: &[u8], from: usize) -> Option<usize> {
    bytes[from..].windows(what.len()).position(|w| w == what).map(|n| from + n)
}

/// The position of the brace that closes the one at `open`.
fn block_end(code: &[u8], open: usize) -> usize {
    let mut depth = 0usize;
    for (at, byte) in code.iter().enumerate().skip(open) {
        match byte {
            b'{' => depth += 1,
            b'}' if depth == 1 => return at,
            b'}' => depth -= 1,
            _ => {}
        }
    }
    code.len() - 1
}

fn blank(bytes: &mut [u8]) {
    bytes.iter_mut().filter(|b| **b != b'\n').for_each(|b| *b = b' ');
}

struct Scan<'a> {
    text: &'a str,
    at: usize,
    code: Vec<u8>,
    strings: Vec<(usize, String)>,
}

impl Scan<'_> {
    fn run(&mut self) {
        while self.at < self.text.len() {
            let rest = &self.text.as_bytes()[self.at..];
            match rest {
                [b'/', b'/', ..] => self.skip(rest.iter().position(|b| *b == b'\n').unwrap_or(rest.len())),
                [b'/', b'*', ..] => self.skip(comment_len(rest)),
                [b'"', ..] => self.string(1, string_len(rest)),
                [b'r', b'"' | b'#', ..] if !self.in_word() => self.raw(rest),
                [b'b' | b'c', b'r', b'"' | b'#', ..] if !self.in_word() => self.at += 1,
                [b'\'', ..] => self.quote(rest),
                _ => self.at += 1,
            }
        }
    }

    fn in_word(&self) -> bool {
        let before = self.at.checked_sub(1).map(|at| self.text.as_bytes()[at]);
        before.is_some_and(|b| b.is_ascii_alphanumeric() || b == b'_') && before != Some(b'b') && before != Some(b'c')
    }

    fn skip(&mut self, len: usize) {
        blank(&mut self.code[self.at..self.at + len]);
        self.at += len;
    }

    /// A literal of `len` bytes that begins and ends with `edge` bytes of quoting.
    fn string(&mut self, edge: usize, len: usize) {
        let end = (self.at + len).min(self.text.len());
        let inside = self.at + edge..end.saturating_sub(edge).max(self.at + edge);
        let line = self.text[..self.at].matches('\n').count() + 1;
        self.strings.push((line, self.text[inside.clone()].to_owned()));
        blank(&mut self.code[inside]);
        self.at = end;
    }

    fn raw(&mut self, rest: &[u8]) {
        let hashes = rest[1..].iter().take_while(|b| **b == b'#').count();
        if rest.get(1 + hashes) != Some(&b'"') {
            // A raw identifier.
            self.at += 1;
            return;
        }
        let close = [&b"\""[..], &b"#".repeat(hashes)].concat();
        let body = hashes + 2;
        let end = find(rest, &close, body).map_or(rest.len(), |n| n + close.len());
        // Past the r, so that both edges are as long.
        self.at += 1;
        self.string(hashes + 1, end - 1);
    }

    /// A character, or the tick of a lifetime.
    fn quote(&mut self, rest: &[u8]) {
        let len = match rest {
            [_, b'\\', ..] => rest[2..].iter().skip(1).position(|b| *b == b'\'').map(|n| n + 4),
            _ => self.text[self.at + 1..]
                .chars()
                .next()
                .map(char::len_utf8)
                .filter(|n| rest.get(n + 1) == Some(&b'\''))
                .map(|n| n + 2),
        };
        match len {
            Some(len) => self.skip(len),
            None => self.at += 1,
        }
    }
}

fn string_len(rest: &[u8]) -> usize {
    let mut at = 1;
    while let Some(byte) = rest.get(at) {
        match byte {
            b'\\' => at += 2,
            b'"' => return at + 1,
            _ => at += 1,
        }
    }
    rest.len()
}

fn comment_len(rest: &[u8]) -> usize {
    let (mut at, mut depth) = (2, 1);
    while depth > 0 && at < rest.len() {
        match &rest[at..] {
            [b'/', b'*', ..] => (depth, at) = (depth + 1, at + 2),
            [b'*', b'/', ..] => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
    }
    at
}

#[test]
fn comments_and_literals_are_told_from_code() {
    let text = concat!(
        "// fn no() {\n/* /* { */ */ fn a<'x>(c: char) { let q = '\"'; let e = '\\''; s(\"} \\\" {\", r#\"a\"b\"#) }\n",
        "#[cfg(test)]\nmod tests { fn t() { \"ERR in a test\"; } }\nfn last() {}\n"
    );
    let source = Source::new("src/x.rs", text);
    assert_eq!(source.code.len(), text.len());
    let strings: Vec<&str> = source.strings.iter().map(|(_, s)| s.as_str()).collect();
    assert_eq!(strings, ["} \\\" {", "a\"b", "ERR in a test"]);
    let names: Vec<String> =
        source.functions().into_iter().map(|f| format!("{}:{}+{}", f.name, f.line, f.lines)).collect();
    assert_eq!(names, ["a:2+1", "t:4+1", "last:5+1"]);
    assert_eq!(source.product_strings().count(), 2);
    assert_eq!(source.lines_with("last"), [5]);
    assert!(source.lines_with("t").is_empty());
}
