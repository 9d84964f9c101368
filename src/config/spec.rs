//! What an option is: its name, kind, default, and whether it can change while the server runs; and how to find one.
//!
//! Must never know: single options (those stand in `table.rs` and `inert.rs`), files, flags. Read next: `table.rs`.

use super::Config;
use super::error::Invalid;
use super::inert::INERT;
use super::kind::{self, Kind};
use super::table::REAL;

/// When an option can be set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// At start and by CONFIG SET.
    Live,
    /// At start. CONFIG SET accepts only the value it already has, because the reference lets it change and tools
    /// therefore send it, while here a change would be a lie.
    Pinned,
    /// At start. CONFIG SET refuses it.
    Start,
    /// At start. CONFIG SET refuses it for safety: it would let a client write files elsewhere.
    Protected,
    /// Only on the command line or in the environment, never in a file; CONFIG does not know it.
    Launch,
}

/// The part of the documents where an option is described.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Section {
    /// Addresses and sockets.
    Network,
    /// Who may do what.
    Security,
    /// Budgets and per-client limits.
    Limits,
    /// What is kept on disk and how surely.
    Durability,
    /// Being a cluster of one node, or its own sentinel.
    Cluster,
    /// Streams.
    Streams,
    /// Logs and measurements.
    Observing,
    /// Threads and scripts.
    Running,
    /// Flags of one launch.
    Launch,
    /// Directives of Redis that mean nothing here.
    Inert,
}

impl Section {
    /// The sections of real options, in the order of the documents.
    pub const REAL: [Section; 9] = [
        Section::Network,
        Section::Security,
        Section::Limits,
        Section::Durability,
        Section::Cluster,
        Section::Streams,
        Section::Observing,
        Section::Running,
        Section::Launch,
    ];

    /// The heading.
    pub const fn title(self) -> &'static str {
        match self {
            Section::Network => "Network",
            Section::Security => "Security",
            Section::Limits => "Memory and limits",
            Section::Durability => "Durability",
            Section::Cluster => "Clients of clusters and of Sentinel",
            Section::Streams => "Streams",
            Section::Observing => "Logs and measurements",
            Section::Running => "Threads and scripts",
            Section::Launch => "This launch only (flags and environment)",
            Section::Inert => "Accepted without effect",
        }
    }
}

/// Where an option's value lives.
#[derive(Clone, Copy, Debug)]
pub(super) enum Place {
    /// In a typed field of [`Config`].
    Field { read: fn(&Config) -> String, write: fn(&mut Config, &str) -> bool },
    /// Among the values that nothing reads.
    Inert,
}

/// One option.
#[derive(Clone, Copy, Debug)]
pub struct Spec {
    /// The name in files, flags and CONFIG.
    pub name: &'static str,
    /// Another name for the same option, with its own line in CONFIG GET.
    pub alias: Option<&'static str>,
    /// What it takes.
    pub kind: Kind,
    /// The default, as somebody would write it.
    pub default: &'static str,
    /// When it can be set.
    pub change: Change,
    /// Where it is described.
    pub section: Section,
    /// What it does, in one or two sentences.
    pub summary: &'static str,
    pub(super) place: Place,
}

impl Spec {
    /// The option's names: its own, then its alias.
    pub fn names(&self) -> impl Iterator<Item = &'static str> + use<> {
        [Some(self.name), self.alias].into_iter().flatten()
    }

    /// Whether the option means nothing here.
    pub fn is_inert(&self) -> bool {
        self.section == Section::Inert
    }

    /// The value as CONFIG GET shows it.
    pub fn value(&self, config: &Config) -> String {
        match self.place {
            Place::Field { read, .. } => read(config),
            Place::Inert => config.inert.get(self.name).cloned().unwrap_or_else(|| self.default.to_owned()),
        }
    }

    /// The default as CONFIG GET shows it.
    pub fn default_value(&self) -> String {
        self.canonical(&[self.default], "").unwrap_or_default()
    }

    /// Sets the option from the words after its name, or from one text that holds them all. True if the value changed.
    pub(super) fn assign(&self, config: &mut Config, words: &[&str]) -> Result<bool, Invalid> {
        let before = self.value(config);
        let after = self.canonical(words, &before)?;
        let changed = before != after;
        if changed {
            self.store(config, &after)?;
        }
        Ok(changed)
    }

    fn store(&self, config: &mut Config, canonical: &str) -> Result<(), Invalid> {
        match self.place {
            Place::Field { write, .. } if write(config, canonical) => Ok(()),
            // The kind admits more than the field can hold; a test of the table keeps this from happening.
            Place::Field { .. } => Err(Invalid::WrongNumber),
            Place::Inert => {
                config.inert.insert(self.name, canonical.to_owned());
                Ok(())
            }
        }
    }

    fn canonical(&self, words: &[&str], current: &str) -> Result<String, Invalid> {
        match words {
            // `save "60 1"` in a file, a flag or CONFIG SET is two words.
            [text] if self.kind.takes_words() => self.kind.canonical(&kind::split(text), current),
            _ => self.kind.canonical(words, current),
        }
    }
}

/// All options: those that mean something first, in the order of the documents.
pub fn specs() -> impl Iterator<Item = &'static Spec> + Clone {
    REAL.iter().chain(INERT)
}

/// The option of this name or alias, in any case, with that name in its own spelling.
pub fn find(name: &str) -> Option<(&'static Spec, &'static str)> {
    specs().find_map(|spec| spec.names().find(|own| own.eq_ignore_ascii_case(name)).map(|own| (spec, own)))
}

/// The existing name that `name` was most likely meant to be.
pub fn nearest(name: &str) -> Option<&'static str> {
    let name = name.to_ascii_lowercase();
    let far = |candidate: &&str| strsim::damerau_levenshtein(&name, candidate);
    let best = specs().flat_map(Spec::names).min_by_key(far)?;
    // Two slips in a short name, more in a long one, but never most of it.
    let near = far(&best) <= (name.len() / 3).clamp(1, 4);
    let begun = || specs().flat_map(Spec::names).find(|own| name.len() >= 4 && own.starts_with(&name));
    if near { Some(best) } else { begun() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn names_are_unique_and_lower_case() {
        let mut seen = BTreeSet::new();
        for name in specs().flat_map(Spec::names) {
            assert!(seen.insert(name), "{name} stands twice");
            assert_eq!(name, name.to_ascii_lowercase());
        }
    }

    #[test]
    fn every_default_is_a_value_the_option_takes_and_keeps() {
        for spec in specs() {
            let canonical = spec.canonical(&[spec.default], "");
            assert!(canonical.is_ok(), "{}: {canonical:?}", spec.name);
            assert_eq!(spec.value(&Config::default()), spec.default_value(), "{}", spec.name);
        }
    }

    /// A field must hold every value its kind admits.
    #[test]
    fn fields_hold_the_ends_of_their_range() {
        for spec in specs() {
            let ends = match spec.kind {
                Kind::Integer { min, max, .. } => vec![min.to_string(), max.to_string()],
                Kind::Memory(min) => vec![min.to_string(), i64::MAX.to_string()],
                Kind::Clamped { .. } => vec!["0".into(), i32::MAX.to_string()],
                Kind::YesNo => vec!["yes".into(), "no".into()],
                Kind::Choice(names) => names.iter().map(|name| (*name).to_owned()).collect(),
                Kind::Text | Kind::Hostname | Kind::Secret | Kind::Path | Kind::Words | Kind::Save => vec!["".into()],
                _ => vec![],
            };
            for value in ends {
                let mut config = Config::default();
                assert!(spec.assign(&mut config, &[&value]).is_ok(), "{} {value}", spec.name);
                if !matches!(spec.kind, Kind::Clamped { .. }) {
                    assert_eq!(spec.value(&config), value, "{}", spec.name);
                }
            }
        }
    }

    #[test]
    fn summaries_are_sentences() {
        for spec in specs().filter(|spec| !spec.is_inert()) {
            assert!(spec.summary.ends_with('.') && spec.summary.len() > 15, "{}", spec.name);
            assert!(!spec.summary.contains('|'), "{} would break the table in the documents", spec.name);
        }
    }

    #[test]
    fn slips_find_their_name() {
        for (typed, meant) in [
            ("prot", Some("port")),
            ("appendfsnyc", Some("appendfsync")),
            ("Max-Memory", Some("maxmemory")),
            ("slowlog", Some("slowlog-log-slower-than")),
            ("quite", Some("quiet")),
            ("zzzzzz", None),
            ("", None),
        ] {
            assert_eq!(nearest(typed), meant, "{typed}");
        }
        assert_eq!(
            find("LUA-time-limit").map(|(spec, own)| (spec.name, own)),
            Some(("busy-reply-threshold", "lua-time-limit"))
        );
    }
}
