//! Reads a syntax line (`key [NX | XX] [EX seconds] field value [field value ...]`) as a tree of arguments.
//!
//! A word without lower-case letters is a token. A token takes the plain arguments that follow it, or the group in
//! `<...>`; `[...]` is optional; `|` separates alternatives; `[a b ...]` behind `a b` means that they repeat. Lines are
//! our own constants, so what does not fit is read as plain arguments rather than refused.

/// What an argument is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shape {
    /// A value.
    Value,
    /// A token and nothing else.
    PureToken,
    /// One of its arguments.
    OneOf,
    /// All of its arguments in order.
    Block,
}

/// One argument of a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Argument {
    name: String,
    /// What it is.
    pub shape: Shape,
    /// The word that comes before it.
    pub token: Option<String>,
    /// It may be left out.
    pub optional: bool,
    /// It may come several times.
    pub multiple: bool,
    /// Each time with its token.
    pub multiple_token: bool,
    /// What it consists of.
    pub arguments: Vec<Argument>,
    /// The words it was read from.
    words: Vec<String>,
}

/// The arguments of a syntax line.
pub fn parse(line: &str) -> Vec<Argument> {
    let words = words(line);
    Reader { words: &words, at: 0 }.sequence()
}

/// Brackets and bars stand alone; everything else is separated by blanks.
fn words(line: &str) -> Vec<String> {
    let mut spaced = String::new();
    for c in line.chars() {
        if "[]<>|".contains(c) {
            spaced.extend([' ', c, ' ']);
        } else {
            spaced.push(c);
        }
    }
    spaced.split_whitespace().map(str::to_owned).collect()
}

fn is_token(word: &str) -> bool {
    !"[]<>|".contains(word) && word != "..." && !word.contains(|c: char| c.is_ascii_lowercase())
}

fn is_name(word: &str) -> bool {
    word != "..." && word.contains(|c: char| c.is_ascii_lowercase())
}

struct Reader<'a> {
    words: &'a [String],
    at: usize,
}

impl Reader<'_> {
    fn peek(&self) -> &str {
        self.words.get(self.at).map_or("", String::as_str)
    }

    /// Arguments up to a bar, a closing bracket or the end.
    fn sequence(&mut self) -> Vec<Argument> {
        let mut found: Vec<Argument> = Vec::new();
        loop {
            match self.peek() {
                "" | "|" | "]" | ">" => return found,
                "..." => {
                    self.at += 1;
                    if let Some(last) = found.last_mut() {
                        last.multiple = true;
                    }
                }
                "[" => {
                    if !self.repetition(&mut found) {
                        let mut group = self.group("]");
                        group.optional = true;
                        found.push(group);
                    }
                }
                "<" => {
                    let group = self.group(">");
                    found.push(group);
                }
                word if is_token(word) => {
                    let argument = self.behind_token();
                    found.push(argument);
                }
                _ => {
                    let argument = self.value();
                    found.push(argument);
                }
            }
        }
    }

    fn value(&mut self) -> Argument {
        let name = self.peek().to_owned();
        self.at += 1;
        Argument::new(&name, Shape::Value, vec![name.clone()])
    }

    /// A token with what it introduces.
    fn behind_token(&mut self) -> Argument {
        let start = self.at;
        let token = self.peek().to_owned();
        self.at += 1;
        let mut values = Vec::new();
        if self.peek() == "<" {
            values.push(self.group(">"));
        }
        while values.last().is_none_or(|v: &Argument| v.shape == Shape::Value || v.multiple) && is_name(self.peek()) {
            values.push(self.value());
            while self.peek() == "[" && self.repetition(&mut values) {}
        }
        let name = token.to_ascii_lowercase();
        let mut argument = match values.len() {
            0 => Argument::new(&name, Shape::PureToken, Vec::new()),
            1 => values.remove(0),
            _ => Argument { arguments: values, ..Argument::new(&name, Shape::Block, Vec::new()) },
        };
        argument.token = Some(token);
        argument.words = self.words[start..self.at].to_vec();
        argument
    }

    /// A group in brackets: alternatives, or one sequence.
    fn group(&mut self, close: &str) -> Argument {
        let start = self.at;
        self.at += 1;
        let mut alternatives = vec![joined(self.sequence())];
        while self.peek() == "|" {
            self.at += 1;
            alternatives.push(joined(self.sequence()));
        }
        if self.peek() == close {
            self.at += 1;
        }
        let mut group = match alternatives.len() {
            1 => alternatives.remove(0),
            _ => Argument { arguments: alternatives, ..Argument::new("choice", Shape::OneOf, Vec::new()) },
        };
        group.words = self.words[start..self.at].to_vec();
        group
    }

    /// Reads `[a b ...]` if it repeats the arguments before it, and marks them.
    fn repetition(&mut self, before: &mut Vec<Argument>) -> bool {
        let rest = &self.words[self.at + 1..];
        let Some(end) = rest.iter().position(|w| w == "]") else { return false };
        let Some((dots, repeated)) = rest[..end].split_last().filter(|(last, _)| *last == "...") else { return false };
        debug_assert_eq!(dots, "...");
        let mut from = before.len();
        let mut words = Vec::new();
        while words.len() < repeated.len() && from > 0 {
            from -= 1;
            words = before[from..].iter().flat_map(|a| a.words.iter().cloned()).collect();
        }
        if words != repeated {
            return false;
        }
        let mut argument = joined(before.split_off(from));
        argument.multiple = true;
        argument.multiple_token = argument.token.is_some();
        before.push(argument);
        self.at += end + 2;
        true
    }
}

/// One argument for a sequence.
fn joined(mut arguments: Vec<Argument>) -> Argument {
    if arguments.len() == 1 {
        return arguments.remove(0);
    }
    let words = arguments.iter().flat_map(|a| a.words.iter().cloned()).collect();
    Argument { arguments, ..Argument::new("arguments", Shape::Block, words) }
}

impl Argument {
    fn new(name: &str, shape: Shape, words: Vec<String>) -> Argument {
        let (optional, multiple, multiple_token) = (false, false, false);
        let (name, token, arguments) = (name.to_owned(), None, Vec::new());
        Argument { name, shape, token, optional, multiple, multiple_token, arguments, words }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether its name is one that keys have.
    pub fn looks_like_key(&self) -> bool {
        let keys = ["key", "key1", "key2", "newkey", "source", "destination", "sourcekey", "destinationkey"];
        self.shape == Shape::Value && keys.contains(&&*self.name)
    }

    /// Its type in COMMAND DOCS; a value's type is told by its name.
    pub fn kind(&self) -> &'static str {
        match self.shape {
            Shape::PureToken => "pure-token",
            Shape::OneOf => "oneof",
            Shape::Block => "block",
            Shape::Value if self.name.starts_with("unix-time") => "unix-time",
            Shape::Value if self.name.ends_with("pattern") => "pattern",
            Shape::Value if INTEGERS.iter().any(|word| self.name.split('-').next_back() == Some(word)) => "integer",
            Shape::Value => "string",
        }
    }

    /// Its flags in COMMAND DOCS.
    pub fn flags(&self) -> Vec<&'static str> {
        let all = [(self.optional, "optional"), (self.multiple, "multiple"), (self.multiple_token, "multiple_token")];
        all.into_iter().filter(|(set, _)| *set).map(|(_, name)| name).collect()
    }
}

/// Last words of the names of numbers.
const INTEGERS: &[&str] = &[
    "count",
    "seconds",
    "milliseconds",
    "ms",
    "timeout",
    "numkeys",
    "numids",
    "numreplicas",
    "numlocal",
    "offset",
    "index",
    "db",
    "increment",
    "decrement",
    "port",
    "protover",
    "maxage",
    "time",
    "cursor",
    "size",
    "duration",
    "version",
];

#[cfg(test)]
mod tests {
    use super::*;

    /// The tree on one line: `token:name{parts}` with `?` for optional, `*` for multiple.
    fn shown(line: &str) -> String {
        fn one(a: &Argument) -> String {
            let token = a.token.as_ref().map_or(String::new(), |t| format!("{t}:"));
            let parts: Vec<String> = a.arguments.iter().map(one).collect();
            let separator = if a.shape == Shape::OneOf { "|" } else { " " };
            let body = match a.shape {
                Shape::Value => a.name.clone(),
                Shape::PureToken => String::new(),
                _ => format!("{{{}}}", parts.join(separator)),
            };
            let mark = |set, mark| if set { mark } else { "" };
            format!("{token}{body}{}{}{}", mark(a.optional, "?"), mark(a.multiple, "*"), mark(a.multiple_token, "!"))
        }
        parse(line).iter().map(one).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn lines_and_their_trees() {
        for (line, tree) in [
            ("", ""),
            ("key", "key"),
            ("key [key ...]", "key*"),
            ("key [NX | XX] [GET]", "key {NX:|XX:}? GET:?"),
            ("[EX seconds | KEEPTTL]", "{EX:seconds|KEEPTTL:}?"),
            ("<* | id> field value [field value ...]", "{*:|id} {field value}*"),
            (
                "[<MAXLEN | MINID> [= | ~] threshold [LIMIT count]]",
                "{{MAXLEN:|MINID:} {=:|~:}? threshold LIMIT:count?}?",
            ),
            ("[BLOCK milliseconds] STREAMS key [key ...] id [id ...]", "BLOCK:milliseconds? STREAMS:{key* id*}"),
            ("GROUP group consumer [COUNT count]", "GROUP:{group consumer} COUNT:count?"),
            ("[GET pattern [GET pattern ...]]", "GET:pattern?*!"),
            ("IDS numids id [id ...]", "IDS:{numids id*}"),
            ("[[IDLE time] start end count [consumer]]", "{IDLE:time? start end count consumer?}?"),
            ("[protover [AUTH username password] [SETNAME n]]", "{protover AUTH:{username password}? SETNAME:n?}?"),
            ("SKIPME <YES | NO> x", "SKIPME:{YES:|NO:} x"),
            ("[arg [arg ...]]", "arg?*"),
        ] {
            assert_eq!(shown(line), tree, "{line}");
        }
    }

    /// No line of the table may be read as something that was not meant: all its words come back.
    #[test]
    fn every_syntax_line_is_balanced() {
        for spec in crate::command::table::verbs() {
            for line in std::iter::once(spec.syntax).chain(spec.subcommands.iter().map(|s| s.syntax)) {
                let count = |c| line.matches(c).count();
                assert_eq!(count('['), count(']'), "{}: {line}", spec.name);
                assert_eq!(count('<'), count('>'), "{}: {line}", spec.name);
                assert_eq!(parse(line).is_empty(), line.is_empty(), "{}", spec.name);
            }
        }
    }
}
