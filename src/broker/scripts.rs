//! The scripts that the broker knows, and the machine that runs them.
//!
//! The machine is made when it is first needed: a broker without scripts pays nothing. Texts are kept by their SHA-1 and
//! compiled once. Must never know: verbs, what a script calls. Read next: `src/script/mod.rs`.

use crate::command::args::{Args, OwnedArgs};
use crate::script::{Code, Declared, Problem, Run, Vm, declared, sha1_hex};
use bytes::Bytes;
use hashbrown::HashMap;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Scripts of EVAL that are kept; those of SCRIPT LOAD stay until SCRIPT FLUSH.
const MOST_EVALUATED: usize = 500;

/// The SHA-1 of a text in lower-case hexadecimal.
type Sha = [u8; 40];

/// Why a script is not taken.
#[derive(Debug)]
pub enum Refused {
    /// A line for the client.
    Problem(Cow<'static, str>),
    /// The texts together are larger than the limit.
    Full,
}

impl From<Problem> for Refused {
    fn from(problem: Problem) -> Refused {
        Refused::Problem(problem.0)
    }
}

/// A script that is about to run.
#[derive(Clone, Debug)]
pub struct Script {
    known: Arc<Known>,
    /// Compiled in the machine that was there when it was asked for.
    code: Option<Code>,
}

#[derive(Debug)]
struct Known {
    sha: Sha,
    text: Bytes,
    declared: Declared,
}

impl Known {
    fn name(&self) -> &str {
        std::str::from_utf8(&self.sha).unwrap_or_default()
    }
}

impl Script {
    /// What its first line declares.
    pub fn declared(&self) -> Declared {
        self.known.declared
    }
}

#[derive(Debug)]
struct Entry {
    known: Arc<Known>,
    /// Compiled in the machine that is there now.
    code: Option<Code>,
    /// When it was last used, if it may be forgotten for others.
    used: Option<u64>,
}

/// The script that holds the engine, for those who ask and those who end it.
#[derive(Debug, Default)]
pub struct Running {
    /// It has called something that writes.
    pub wrote: bool,
    /// It is a function: its name and its call.
    pub function: Option<(String, OwnedArgs)>,
    /// Somebody wants it to end.
    pub killed: bool,
}

/// All scripts of a broker.
#[derive(Debug, Default)]
pub struct Scripts {
    vm: Option<Vm>,
    known: HashMap<Sha, Entry, foldhash::fast::FixedState>,
    /// Those that may be forgotten, the longest unused first.
    by_use: BTreeMap<u64, Sha>,
    /// The text of the last EVAL and its script: most clients send the same one again.
    last: Option<Arc<Known>>,
    clock: u64,
    bytes: usize,
    /// The one that holds the engine.
    pub running: Option<Running>,
    /// Scripts that were forgotten for others.
    pub evicted: u64,
    /// Bytes that the machine may use, and all texts together.
    limit: usize,
}

impl Scripts {
    /// None yet.
    pub fn new(limit: usize) -> Scripts {
        Scripts { limit, ..Scripts::default() }
    }

    /// Changes what they may use; a machine with another limit is dropped.
    pub fn set_limit(&mut self, limit: usize) {
        if std::mem::replace(&mut self.limit, limit) != limit {
            self.drop_machine();
        }
    }

    fn drop_machine(&mut self) {
        self.vm = None;
        self.known.values_mut().for_each(|entry| entry.code = None);
    }

    /// The script with this text; it is known from now on.
    pub fn of_text(&mut self, text: &[u8]) -> Result<Script, Refused> {
        let last = self.last.as_ref().filter(|last| last.text == text).map(|last| last.sha);
        if let Some(script) = last.and_then(|sha| self.find(&sha)) {
            return Ok(script);
        }
        let script = self.learn(text, false)?;
        self.last = Some(Arc::clone(&script.known));
        Ok(script)
    }

    /// The script with this SHA-1, if it is known.
    pub fn of_sha(&mut self, sha: &[u8]) -> Option<Script> {
        self.find(&sha_of(sha)?)
    }

    /// Keeps a script until all are forgotten; its SHA-1.
    pub fn load(&mut self, text: &[u8]) -> Result<String, Refused> {
        let script = self.learn(text, true)?;
        Ok(script.known.name().to_owned())
    }

    /// Whether a script is known.
    pub fn knows(&self, sha: &[u8]) -> bool {
        sha_of(sha).is_some_and(|sha| self.known.contains_key(&sha))
    }

    /// How many are known.
    pub fn len(&self) -> usize {
        self.known.len()
    }

    /// Whether none is known.
    pub fn is_empty(&self) -> bool {
        self.known.is_empty()
    }

    /// Bytes of their texts.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Bytes that the machine uses.
    pub fn vm_bytes(&self) -> usize {
        self.vm.as_ref().map_or(0, Vm::memory)
    }

    /// Forgets all scripts, and the machine.
    pub fn flush(&mut self) {
        *self = Scripts {
            running: self.running.take(),
            limit: self.limit,
            evicted: self.evicted,
            clock: self.clock,
            ..Scripts::default()
        };
    }

    /// Begins a script.
    pub fn begin(&mut self, script: Script, keys: Args<'_>, args: Args<'_>) -> Result<Run, Refused> {
        let vm = machine(&mut self.vm, self.limit)?;
        let Script { known, code } = script;
        let code = match code {
            Some(code) => code,
            None => {
                let code = vm.compile(&known.text)?;
                if let Some(entry) = self.known.get_mut(&known.sha) {
                    entry.code = Some(code.clone());
                }
                code
            }
        };
        Ok(vm.begin(code, known.name(), keys.iter(), args.iter())?)
    }

    /// Takes a script back that has ended, or is given up.
    pub fn end(&mut self, run: Run) {
        if !self.vm.as_mut().is_some_and(|vm| vm.end(run)) {
            // Its memory was used up: the next script gets a new one.
            self.drop_machine();
        }
    }

    fn learn(&mut self, text: &[u8], stays: bool) -> Result<Script, Refused> {
        if text.len() > self.limit {
            // Not even its hash is wanted.
            return Err(Refused::Full);
        }
        let declared = declared(text)?;
        let mut sha = [0; 40];
        sha.copy_from_slice(sha1_hex(text).as_bytes());
        if let Some(entry) = self.known.get_mut(&sha)
            && let Some(used) = entry.used.take_if(|_| stays)
        {
            self.by_use.remove(&used);
        }
        if let Some(script) = self.find(&sha) {
            return Ok(script);
        }
        if !self.fits(text.len()) {
            return Err(Refused::Full);
        }
        let code = Some(machine(&mut self.vm, self.limit)?.compile(text)?);
        self.make_room(text.len(), stays)?;
        let known = Arc::new(Known { sha, text: Bytes::copy_from_slice(text), declared });
        self.bytes += text.len();
        let used = (!stays).then(|| {
            self.clock += 1;
            self.by_use.insert(self.clock, sha);
            self.clock
        });
        self.known.insert(sha, Entry { known: Arc::clone(&known), code: code.clone(), used });
        Ok(Script { known, code })
    }

    /// Whether there is room for a text when all that may be forgotten is.
    fn fits(&self, len: usize) -> bool {
        let text_of = |sha: &Sha| self.known.get(sha).map_or(0, |entry| entry.known.text.len());
        let leaving: usize = self.by_use.values().map(text_of).sum();
        self.bytes - leaving + len <= self.limit
    }

    /// Forgets what was not used for the longest time, so that there is room for another text.
    fn make_room(&mut self, len: usize, stays: bool) -> Result<(), Refused> {
        while self.bytes + len > self.limit || (!stays && self.by_use.len() >= MOST_EVALUATED) {
            let (_, sha) = self.by_use.pop_first().ok_or(Refused::Full)?;
            if let Some(entry) = self.known.remove(&sha) {
                self.bytes -= entry.known.text.len();
                self.evicted += 1;
            }
        }
        Ok(())
    }

    /// The script with this SHA-1, which is used now.
    fn find(&mut self, sha: &Sha) -> Option<Script> {
        let entry = self.known.get_mut(sha)?;
        // The one that was used last stays where it is.
        if let Some(used) = entry.used.as_mut().filter(|used| **used != self.clock) {
            self.by_use.remove(used);
            self.clock += 1;
            *used = self.clock;
            self.by_use.insert(self.clock, *sha);
        }
        Some(Script { known: Arc::clone(&entry.known), code: entry.code.clone() })
    }
}

fn machine(vm: &mut Option<Vm>, limit: usize) -> Result<&mut Vm, Refused> {
    if vm.is_none() {
        *vm = Some(Vm::new(limit)?);
    }
    vm.as_mut().ok_or(Refused::Full)
}

/// A SHA-1 as it is kept; it may be sent in capitals.
fn sha_of(text: &[u8]) -> Option<Sha> {
    let mut sha: Sha = text.try_into().ok()?;
    sha.make_ascii_lowercase();
    Some(sha)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_does_not_fit_is_not_compiled() {
        let mut scripts = Scripts::new(4 << 20);
        let of = |kib: usize| "do end ".repeat(kib << 10 >> 3).into_bytes();
        assert!(matches!(scripts.of_text(&of(6 << 10)), Err(Refused::Full)));
        assert!(scripts.vm.is_none());
        scripts.load(&of(64)).unwrap();
        scripts.limit = 64 << 10;
        scripts.of_text(b"return 1").unwrap();
        assert!(matches!(scripts.of_text(&of(32)), Err(Refused::Full)));
        assert_eq!(scripts.len(), 2, "nothing had to go for it");
    }
}
