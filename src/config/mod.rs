//! Configuration: one table of options (`table.rs`), and everything that is made of it: the typed [`Config`], CONFIG
//! GET, SET and REWRITE, the file, the flags, the environment, and the documents.
//!
//! [`Config`] is a plain value inside the engine; whoever changes it gets told what changed and reacts. Must never know:
//! sockets, the engine, the clock. Reading order: `table.rs`, `spec.rs`, `kind.rs`, `startup.rs`, `rewrite.rs`.

mod docs;
mod error;
mod events;
mod file;
mod flags;
mod help;
mod inert;
mod kind;
mod limits;
mod origin;
mod profile;
mod rewrite;
mod setting;
mod spec;
mod startup;
mod table;
mod words;

pub use docs::configuration as documentation;
pub use error::{ConfigError, Invalid, Problem, StartError};
pub use flags::{Invocation, invocation};
pub use help::{help, version};
pub use kind::{Kind, Unit, human, memory as parse_memory};
pub use limits::{OutputLimit, OutputLimits};
pub use origin::Origin;
pub use rewrite::{replace, rewrite};
pub use setting::{ClientCertificates, DebugAccess, Endpoint, Eviction, Fsync, LogLevel, Mode, Profile, Secret};
pub use spec::{Change, Section, Spec, find, nearest, specs};
pub use startup::Startup;
pub use table::Config;
pub use words::quoted;

use crate::glob::{self, Case};

/// The budget that `maxmemory 0` stands for, in bytes: the default of `maxmemory`.
const DEFAULT_MEMORY: u64 = 256 << 20;

impl Config {
    /// CONFIG GET: names and values of the options that match any of the patterns, each once. A plain name is answered
    /// as it was typed. O(patterns * options).
    pub fn get<'a>(&self, patterns: impl IntoIterator<Item = &'a [u8]>) -> Vec<(String, String)> {
        let mut found: Vec<(String, String)> = Vec::new();
        let known = || specs().filter(|spec| spec.change != Change::Launch);
        for pattern in patterns {
            for (spec, name) in known().flat_map(|spec| spec.names().map(move |name| (spec, name))) {
                let seen = || found.iter().any(|(seen, _)| seen.eq_ignore_ascii_case(name));
                if glob::matches(pattern, name.as_bytes(), Case::Ignore) && !seen() {
                    found.push((answered(pattern, name), spec.value(self)));
                }
            }
        }
        found
    }

    /// CONFIG SET: name, value, name, value ... All of them take effect, or none. Returns the names (never aliases) of
    /// the options whose value is now another one, each once.
    pub fn set<'a>(&mut self, words: impl IntoIterator<Item = &'a [u8]>) -> Result<Vec<&'static str>, ConfigError> {
        let pairs = known_pairs(words)?;
        let mut next = self.clone();
        let mut changed = Vec::new();
        for (spec, name, value) in pairs {
            let refused = |why| ConfigError::Refused { name: name.to_owned(), why };
            let value = str::from_utf8(value).map_err(|_| refused(Invalid::NotText))?;
            if spec.assign(&mut next, &[value]).map_err(refused)? && !changed.contains(&spec.name) {
                if spec.change == Change::Pinned {
                    return Err(refused(Invalid::Immutable));
                }
                changed.push(spec.name);
            }
        }
        if changed.contains(&"requirepass") {
            // The password no longer comes from the file, and CONFIG REWRITE must not say so.
            next.requirepass_file.clear();
        }
        *self = next;
        Ok(changed)
    }

    /// Sets an option before the broker starts, also one that CONFIG SET cannot change later.
    pub fn prepare(&mut self, name: &str, value: &str) -> Result<(), ConfigError> {
        let option = find(name).filter(|(spec, _)| spec.change != Change::Launch);
        let Some((spec, name)) = option else { return Err(ConfigError::Unknown(name.to_owned())) };
        spec.assign(self, &[value]).map(drop).map_err(|why| ConfigError::Refused { name: name.to_owned(), why })
    }

    /// Whether nothing is kept on disk. Only the values at start count. A Redis file with `appendonly no` and save points
    /// (the sample file, say) asks for snapshots, not for data loss; so it keeps its data here.
    pub fn is_volatile(&self) -> bool {
        self.memory || (!self.appendonly && self.save.is_empty())
    }

    /// The TCP port where nothing is encrypted, if there is to be one. 0: one that the system chooses.
    pub fn plain_port(&self) -> Option<u16> {
        let others = self.tls_port > 0 || !self.unixsocket.as_os_str().is_empty();
        (self.port > 0 || !others).then_some(self.port)
    }

    /// The same with one database if this is a cluster, which has no more.
    pub(crate) fn settled(mut self) -> Config {
        if self.cluster_enabled {
            self.databases = 1;
        }
        self
    }

    /// The whole memory budget in bytes.
    pub fn memory_budget(&self) -> u64 {
        if self.maxmemory == 0 { DEFAULT_MEMORY } else { self.maxmemory }
    }

    /// How many event loops to run on a machine with so many cores: what was asked for, or else one up to two cores and
    /// half the cores, at most eight, beyond.
    pub fn event_loops(&self, cores: usize) -> usize {
        match usize::try_from(self.io_threads) {
            Ok(0) | Err(_) => (cores / 2).clamp(1, 8),
            Ok(threads) => threads,
        }
    }
}

/// The name that CONFIG GET answers with.
fn answered(pattern: &[u8], name: &'static str) -> String {
    if glob::is_literal(pattern) { String::from_utf8_lossy(pattern).into_owned() } else { name.to_owned() }
}

/// One assignment of a CONFIG SET: the option, its name in its own spelling, the value.
type Pair<'a> = (&'static Spec, &'static str, &'a [u8]);

/// Looks all names up before any value is read, in the order of the reference's complaints.
fn known_pairs<'a>(words: impl IntoIterator<Item = &'a [u8]>) -> Result<Vec<Pair<'a>>, ConfigError> {
    let words: Vec<&[u8]> = words.into_iter().collect();
    let (couples, odd) = words.as_chunks::<2>();
    if !odd.is_empty() {
        return Err(ConfigError::Syntax);
    }
    let mut pairs: Vec<Pair<'a>> = Vec::new();
    for [typed, value] in couples {
        let typed = String::from_utf8_lossy(typed);
        let option = find(&typed).filter(|(spec, _)| spec.change != Change::Launch);
        let Some((spec, name)) = option else { return Err(ConfigError::Unknown(typed.into_owned())) };
        let refused = |why| Err(ConfigError::Refused { name: typed.to_string(), why });
        match spec.change {
            Change::Start => return refused(Invalid::Immutable),
            Change::Protected => return refused(Invalid::Protected),
            _ if pairs.iter().any(|(_, seen, _)| *seen == name) => return refused(Invalid::Duplicate),
            _ => pairs.push((spec, name, value)),
        }
    }
    Ok(pairs)
}

#[cfg(test)]
mod tests;
