//! A selector: commands, keys and channels that are allowed together. A user has one, and may have more.

use super::commands::Commands;
use super::rule::RuleError;
use crate::command::table;
use crate::command::{category, touch::Touch};
use crate::glob::{self, Case};

/// Keys that may be read, written, or both.
#[derive(Clone, Debug, PartialEq, Eq)]
struct KeyPattern {
    reads: bool,
    writes: bool,
    pattern: Vec<u8>,
}

/// What is allowed together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selector {
    /// The rules begin with all commands, not with none.
    from_all: bool,
    /// Rules about commands in canonical form, each with its sign.
    rules: Vec<Vec<u8>>,
    pub(super) commands: Commands,
    pub(super) all_keys: bool,
    keys: Vec<KeyPattern>,
    pub(super) all_channels: bool,
    channels: Vec<Vec<u8>>,
}

impl Selector {
    /// One that allows nothing, or nothing but all channels.
    pub fn new(all_channels: bool) -> Selector {
        Selector {
            from_all: false,
            rules: Vec::new(),
            commands: Commands::default(),
            all_keys: false,
            keys: Vec::new(),
            all_channels,
            channels: Vec::new(),
        }
    }

    /// Whether it allows everything.
    pub fn is_unrestricted(&self) -> bool {
        self.from_all && self.rules.is_empty() && self.all_keys && self.all_channels
    }

    /// Applies a rule.
    pub(super) fn apply(&mut self, rule: &[u8]) -> Result<(), RuleError> {
        match rule.to_ascii_lowercase().as_slice() {
            b"allkeys" | b"~*" => {
                self.all_keys = true;
                self.keys.clear();
            }
            b"resetkeys" => {
                self.all_keys = false;
                self.keys.clear();
            }
            b"allchannels" | b"&*" => {
                self.all_channels = true;
                self.channels.clear();
            }
            b"resetchannels" => {
                self.all_channels = false;
                self.channels.clear();
            }
            b"allcommands" | b"+@all" => self.begin(true),
            b"nocommands" | b"-@all" => self.begin(false),
            _ => return self.apply_pattern(rule),
        }
        Ok(())
    }

    fn begin(&mut self, all: bool) {
        self.from_all = all;
        self.rules.clear();
        self.commands = if all { Commands::all() } else { Commands::default() };
    }

    fn apply_pattern(&mut self, rule: &[u8]) -> Result<(), RuleError> {
        match rule {
            [b'~', pattern @ ..] => self.add_keys(true, true, pattern),
            [b'%', rest @ ..] => {
                let tilde = rest.iter().position(|b| *b == b'~').ok_or(RuleError::Syntax)?;
                let (rights, pattern) = (rest[..tilde].to_ascii_uppercase(), &rest[tilde + 1..]);
                if !matches!(&*rights, b"R" | b"W" | b"RW" | b"WR") {
                    return Err(RuleError::Syntax);
                }
                self.add_keys(rights.contains(&b'R'), rights.contains(&b'W'), pattern)
            }
            [b'&', pattern @ ..] => self.add_channels(pattern),
            [b'+', b'@', name @ ..] => self.set_category(name, true),
            [b'-', b'@', name @ ..] => self.set_category(name, false),
            [b'+', name @ ..] => self.allow(&name.to_ascii_lowercase()),
            [b'-', name @ ..] => self.forbid(&name.to_ascii_lowercase()),
            _ => Err(RuleError::Syntax),
        }
    }

    fn add_keys(&mut self, reads: bool, writes: bool, pattern: &[u8]) -> Result<(), RuleError> {
        if self.all_keys {
            return Err(RuleError::AfterAllKeys);
        }
        check_pattern(pattern)?;
        match self.keys.iter_mut().find(|known| known.pattern == pattern) {
            Some(known) => (known.reads, known.writes) = (known.reads | reads, known.writes | writes),
            None => self.keys.push(KeyPattern { reads, writes, pattern: pattern.to_vec() }),
        }
        Ok(())
    }

    fn add_channels(&mut self, pattern: &[u8]) -> Result<(), RuleError> {
        if self.all_channels {
            return Err(RuleError::AfterAllChannels);
        }
        check_pattern(pattern)?;
        if !self.channels.iter().any(|known| known == pattern) {
            self.channels.push(pattern.to_vec());
        }
        Ok(())
    }

    fn set_category(&mut self, name: &[u8], allowed: bool) -> Result<(), RuleError> {
        let known = category::ALL.into_iter().find(|known| known.as_bytes().eq_ignore_ascii_case(name));
        let known = known.ok_or(RuleError::Unknown)?;
        self.commands.set_category(known, allowed);
        self.note(format!("@{known}").as_bytes(), allowed);
        Ok(())
    }

    fn allow(&mut self, name: &[u8]) -> Result<(), RuleError> {
        if let Some(spec) = table::find_ever(name) {
            self.commands.set(spec, true);
            self.note(name, true);
            return Ok(());
        }
        let bar = name.iter().rposition(|b| *b == b'|').ok_or(RuleError::Unknown)?;
        let (verb, arg) = (&name[..bar], &name[bar + 1..]);
        let spec = table::find_ever(verb).ok_or(RuleError::Unknown)?;
        if spec.name.contains('|') {
            return Err(RuleError::FirstArgOfSubcommand);
        }
        // Rules are written with spaces between them.
        if arg.is_empty() || check_pattern(arg).is_err() {
            return Err(RuleError::Syntax);
        }
        if !spec.subcommands.is_empty() {
            return Err(RuleError::Unknown);
        }
        self.commands.add_first_arg(spec, arg.to_vec());
        self.note(name, true);
        Ok(())
    }

    fn forbid(&mut self, name: &[u8]) -> Result<(), RuleError> {
        let spec = table::find_ever(name).ok_or(RuleError::Unknown)?;
        self.commands.set(spec, false);
        self.note(name, false);
        Ok(())
    }

    /// Keeps a rule about commands; it replaces those that it makes meaningless.
    fn note(&mut self, name: &[u8], allowed: bool) {
        let replaced = |rule: &Vec<u8>| {
            let rest = rule.get(1..).and_then(|known| known.strip_prefix(name));
            rest.is_some_and(|rest| matches!(rest.first(), None | Some(b'|')))
        };
        self.rules.retain(|rule| !replaced(rule));
        self.rules.push([if allowed { b"+" } else { b"-" }, name].concat());
    }

    /// Whether a key may be touched so.
    pub(super) fn allows_key(&self, key: &[u8], touch: Touch) -> bool {
        let suits = |p: &KeyPattern| (p.reads || !touch.reads) && (p.writes || !touch.writes);
        self.all_keys || self.keys.iter().any(|p| suits(p) && glob::matches(&p.pattern, key, Case::Exact))
    }

    /// Whether every key may be read.
    pub(super) fn reads_all_keys(&self) -> bool {
        self.all_keys || self.keys.iter().any(|p| p.reads && p.pattern == b"*")
    }

    /// Whether a channel, or a pattern of channels, may be used. A pattern must be allowed as it is.
    pub fn allows_channel(&self, name: &[u8], is_pattern: bool) -> bool {
        let suits = |allowed: &Vec<u8>| match is_pattern {
            true => allowed == name,
            false => glob::matches(allowed, name, Case::Exact),
        };
        self.all_channels || self.channels.iter().any(suits)
    }

    /// The rules about commands.
    pub fn commands_text(&self) -> Vec<u8> {
        let first: &[u8] = if self.from_all { b"+@all" } else { b"-@all" };
        std::iter::once(first).chain(self.rules.iter().map(Vec::as_slice)).collect::<Vec<_>>().join(&b' ')
    }

    /// The rules about keys.
    pub fn keys_text(&self) -> Vec<u8> {
        let one = |p: &KeyPattern| {
            let sign: &[u8] = match (p.reads, p.writes) {
                (true, false) => b"%R~",
                (false, true) => b"%W~",
                // `~*` is more than a pattern: nothing may follow it.
                _ if p.pattern == b"*" => b"%RW~",
                _ => b"~",
            };
            [sign, &p.pattern].concat()
        };
        if self.all_keys { b"~*".to_vec() } else { self.keys.iter().map(one).collect::<Vec<_>>().join(&b' ') }
    }

    /// The rules about channels.
    pub fn channels_text(&self) -> Vec<u8> {
        let one = |channel: &Vec<u8>| [b"&".as_slice(), channel].concat();
        if self.all_channels { b"&*".to_vec() } else { self.channels.iter().map(one).collect::<Vec<_>>().join(&b' ') }
    }

    /// All rules, from which the selector can be made again.
    pub fn text(&self) -> Vec<u8> {
        let mut parts = vec![self.keys_text()];
        if !self.all_channels {
            parts.push(b"resetchannels".to_vec());
        }
        parts.extend([self.channels_text(), self.commands_text()]);
        parts.retain(|part| !part.is_empty());
        parts.join(&b' ')
    }
}

/// Patterns are written with spaces between them.
fn check_pattern(pattern: &[u8]) -> Result<(), RuleError> {
    let breaks = |b: &u8| b.is_ascii_whitespace() || matches!(b, 0 | 11);
    if pattern.iter().any(breaks) { Err(RuleError::Syntax) } else { Ok(()) }
}
