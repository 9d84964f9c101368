//! Libraries of functions, and the machine that runs them.
//!
//! A library is its text; what it registers is found by running that, once for each machine. Must never know: verbs.
//! Read next: `src/script/mod.rs`, `scripts.rs` (scripts without a name).

use super::Engine;
use super::scripts::Refused;
use crate::command::args::Args;
use crate::glob;
use crate::script::{Called, Host, Problem, Registered, Run, Vm};
use bytes::Bytes;
use hashbrown::HashMap;
use xxhash_rust::xxh3::xxh3_64;

/// The first bytes of what FUNCTION DUMP answers.
const DUMP: &[u8] = b"BRKFN1";

/// A library.
#[derive(Clone, Debug)]
pub struct Library {
    /// Its name.
    pub name: String,
    /// Its text.
    pub text: Bytes,
    /// What it has registered.
    pub functions: Vec<Registered>,
}

/// What becomes of the libraries that are there when others are restored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Policy {
    /// They go.
    Flush,
    /// They stay; none may have the name of a new one.
    Append,
    /// They stay, but for those that have the name of a new one.
    Replace,
}

/// All libraries.
#[derive(Debug, Default)]
pub struct Functions {
    vm: Option<Vm>,
    libraries: Vec<Library>,
    /// Library and place of each function, by its name in lower case.
    by_name: HashMap<String, (usize, usize), foldhash::fast::FixedState>,
    limit: usize,
    /// What the store holds was read.
    is_read: bool,
}

/// A library calls nothing while it is loaded; it may write to the log.
struct Loading;

impl Host for Loading {
    fn call(&mut self, _: Args<'_>) -> Called {
        Called::Missing
    }

    fn may_call(&mut self, _: Args<'_>) -> Option<bool> {
        None
    }

    fn log(&mut self, _: u8, line: &[u8]) {
        tracing::info!("library: {}", String::from_utf8_lossy(line));
    }
}

impl Functions {
    /// None yet.
    pub fn new(limit: usize) -> Functions {
        Functions { limit, ..Functions::default() }
    }

    /// Changes what they may use.
    pub fn set_limit(&mut self, limit: usize) {
        if std::mem::replace(&mut self.limit, limit) != limit {
            self.vm = None;
        }
    }

    /// The libraries, in the order in which they came.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Library> {
        self.libraries.iter()
    }

    /// The libraries whose names match a pattern.
    pub fn matching<'a>(&'a self, pattern: Option<&'a [u8]>) -> impl Iterator<Item = &'a Library> {
        let fits = move |library: &&Library| {
            pattern.is_none_or(|pattern| glob::matches(pattern, library.name.as_bytes(), glob::Case::Ignore))
        };
        self.libraries.iter().filter(fits)
    }

    /// How many functions there are.
    pub fn len(&self) -> usize {
        self.by_name.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.by_name.is_empty()
    }

    /// Bytes of all texts.
    pub fn bytes(&self) -> usize {
        self.libraries.iter().map(|library| library.text.len()).sum()
    }

    /// Bytes that the machine uses.
    pub fn vm_bytes(&self) -> usize {
        self.vm.as_ref().map_or(0, Vm::memory)
    }

    /// Loads a library; its name.
    pub fn load(&mut self, text: &[u8], replace: bool) -> Result<String, Refused> {
        let name = metadata(text)?;
        let old = self.libraries.iter().position(|library| library.name == name);
        if old.is_some() && !replace {
            return Err(Problem::library_exists(&name).into());
        }
        let replaced = old.map_or(0, |at| self.libraries[at].text.len());
        if self.bytes() - replaced + text.len() > self.limit {
            return Err(Refused::Full);
        }
        self.machine()?;
        let Some(vm) = &mut self.vm else { return Err(Refused::Full) };
        let functions = vm.load_library(text, &mut Loading)?;
        if functions.is_empty() {
            return Err(Problem::no_functions().into());
        }
        for function in &functions {
            let found = self.by_name.get(&function.name.to_lowercase());
            if found.is_some_and(|(library, _)| Some(*library) != old) {
                return Err(Problem::function_exists(&function.name).into());
            }
        }
        let library = Library { name: name.clone(), text: Bytes::copy_from_slice(text), functions };
        match old {
            Some(at) => self.libraries[at] = library,
            None => self.libraries.push(library),
        }
        self.index();
        Ok(name)
    }

    /// Deletes a library; whether there was one.
    pub fn delete(&mut self, name: &[u8]) -> bool {
        let before = self.libraries.len();
        self.libraries.retain(|library| library.name.as_bytes() != name);
        self.index();
        self.libraries.len() < before
    }

    /// Deletes all.
    pub fn flush(&mut self) {
        *self = Functions { is_read: true, ..Functions::new(self.limit) };
    }

    /// The function of a name, in any case.
    pub fn find(&mut self, name: &[u8]) -> Result<Option<Registered>, Refused> {
        let name = String::from_utf8_lossy(name).to_lowercase();
        if !self.by_name.contains_key(&name) {
            return Ok(None);
        }
        self.machine()?;
        let found = self.by_name.get(&name);
        let function = found.and_then(|(library, at)| self.libraries.get(*library)?.functions.get(*at));
        Ok(function.cloned())
    }

    /// Begins a function.
    pub fn begin(&mut self, function: &Registered, keys: Args<'_>, args: Args<'_>) -> Result<Run, Refused> {
        let Some(vm) = &mut self.vm else { return Err(Refused::Full) };
        Ok(vm.begin_function(function.code.clone(), &function.name, keys.iter(), args.iter())?)
    }

    /// Takes a function back that has ended, or is given up.
    pub fn end(&mut self, run: Run) {
        if !self.vm.as_mut().is_some_and(|vm| vm.end(run)) {
            // Its memory was used up: the next one gets a new machine.
            self.vm = None;
        }
    }

    /// All libraries as bytes.
    pub fn dump(&self) -> Vec<u8> {
        let mut out = DUMP.to_vec();
        for library in &self.libraries {
            out.extend_from_slice(&(library.text.len() as u32).to_le_bytes());
            out.extend_from_slice(&library.text);
        }
        out.extend_from_slice(&xxh3_64(&out).to_le_bytes());
        out
    }

    /// Brings back libraries that were dumped: all of them, or none.
    pub fn restore(&mut self, dumped: &[u8], policy: Policy) -> Result<(), Refused> {
        let texts = texts(dumped).ok_or_else(Problem::bad_dump)?;
        let mut next = Functions::new(self.limit);
        if policy != Policy::Flush {
            for library in &self.libraries {
                next.load(&library.text, false)?;
            }
        }
        for text in texts {
            next.load(text, policy == Policy::Replace)?;
        }
        next.is_read = true;
        *self = next;
        Ok(())
    }

    /// Sees to it that there is a machine, which has all libraries.
    fn machine(&mut self) -> Result<(), Refused> {
        if self.vm.is_some() {
            return Ok(());
        }
        let mut vm = Vm::new(self.limit)?;
        for library in &mut self.libraries {
            library.functions = vm.load_library(&library.text, &mut Loading)?;
        }
        self.vm = Some(vm);
        self.index();
        Ok(())
    }

    fn index(&mut self) {
        self.by_name.clear();
        for (i, library) in self.libraries.iter().enumerate() {
            let names = library.functions.iter().enumerate();
            self.by_name.extend(names.map(|(at, function)| (function.name.to_lowercase(), (i, at))));
        }
    }
}

impl Engine {
    /// The libraries, read from the store when they are first needed.
    pub fn functions(&mut self) -> Result<&mut Functions, Refused> {
        if !self.functions.is_read {
            let kept = self.store.libraries().clone();
            if !kept.is_empty() {
                self.functions.restore(&kept, Policy::Flush)?;
            }
            self.functions.is_read = true;
        }
        Ok(&mut self.functions)
    }

    /// Keeps the libraries as they are now.
    pub fn keep_functions(&mut self) {
        let empty = self.functions.libraries.is_empty();
        let bytes = if empty { Bytes::new() } else { self.functions.dump().into() };
        self.store.set_libraries(bytes);
    }
}

/// The texts in a dump; none if it is damaged.
fn texts(dumped: &[u8]) -> Option<Vec<&[u8]>> {
    let (body, sum) = dumped.split_last_chunk::<8>()?;
    if u64::from_le_bytes(*sum) != xxh3_64(body) {
        return None;
    }
    let mut rest = body.strip_prefix(DUMP)?;
    let mut texts = Vec::new();
    while !rest.is_empty() {
        let (len, after) = rest.split_first_chunk::<4>()?;
        let (text, after) = after.split_at_checked(u32::from_le_bytes(*len) as usize)?;
        texts.push(text);
        rest = after;
    }
    Some(texts)
}

/// The name that the first line of a library declares.
fn metadata(text: &[u8]) -> Result<String, Problem> {
    if !text.starts_with(b"#!") {
        return Err(Problem::no_metadata());
    }
    let end = memchr::memchr(b'\n', text).ok_or_else(Problem::bad_metadata)?;
    let line = crate::resp::words(&text[..end]).ok_or_else(Problem::bad_metadata)?;
    let (engine, words) = line.split_first().ok_or_else(Problem::bad_metadata)?;
    let engine = engine.strip_prefix("#!").unwrap_or(engine);
    let mut name = None;
    for word in words {
        let value = word.strip_prefix("name=").ok_or_else(|| Problem::metadata_value(word))?;
        if name.replace(value).is_some() {
            return Err(Problem::name_twice());
        }
    }
    let name = name.ok_or_else(Problem::no_name)?;
    if name.is_empty() || !name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') {
        return Err(Problem::bad_name());
    }
    if !engine.eq_ignore_ascii_case("lua") {
        return Err(Problem::no_engine(engine));
    }
    Ok(name.to_owned())
}
