//! The machine: one Lua state with its sandbox, its memory limit and the coroutine that runs scripts.
//!
//! Must never know: who asks for a script, where its text is kept. Read next: `run.rs`.

use super::convert::NAMES;
use super::desk::{Given, Start, Tray};
use super::error::{BAD_ENGINE, BAD_SHEBANG, NO_MEMORY, Problem, plain};
use super::escapes;
use super::library::{self, Shared};
use super::run::{Run, Runner};
use super::stack::Coroutine;
use super::{Host, slice, steps, tail, words};
use crate::resp::words as split_line;
use mlua::chunk::ChunkMode;
use mlua::{Function, Lua, LuaOptions, RegistryKey, StdLib, Table};
use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// The name of the prelude's code, which errors do not show.
pub const PRELUDE: &str = "=prelude";

/// The name of the code of EVAL, as Lua wants it.
pub const USER_SCRIPT: &str = "@user_script";

/// The name of the code of libraries.
const USER_FUNCTION: &str = "@user_function";

/// How long a library may take to register its functions.
const LOAD_TIME: Duration = Duration::from_millis(500);

/// Texts above this are compiled as they stand: what is noted of one takes memory, and compiling it twice takes time.
const LARGEST_CORRECTED: usize = 1 << 20;

/// A function that a library has registered.
#[derive(Clone, Debug)]
pub struct Registered {
    /// Its name.
    pub name: String,
    /// What it does, in words.
    pub description: Option<String>,
    /// The flags, as they were given.
    pub flags: Vec<String>,
    /// What they mean.
    pub declared: Declared,
    /// What runs.
    pub code: Code,
}

impl Registered {
    fn read(lua: &Lua, table: &Table) -> mlua::Result<Registered> {
        let flags: Vec<String> = table.raw_get::<Option<Vec<String>>>("flags")?.unwrap_or_default();
        let mut declared = Declared { any: true, ..Declared::default() };
        for flag in &flags {
            declared.set(flag);
        }
        Ok(Registered {
            name: table.raw_get("name")?,
            description: table.raw_get("description")?,
            flags,
            declared,
            code: Code::keep(lua, table.raw_get("callback")?)?,
        })
    }
}

/// A machine.
pub struct Vm {
    lua: Lua,
    start: Function,
    begin_load: Function,
    end_load: Function,
    /// The names of fields, for those who read tables.
    names: Arc<RegistryKey>,
    shared: Arc<Shared>,
    /// What runs scripts, between two of them.
    idle: Option<Box<Runner>>,
    limit: usize,
}

impl fmt::Debug for Vm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Vm").field("memory", &self.memory()).finish()
    }
}

/// A script that can be run, in the machine that compiled it: the machine keeps its function under a number.
#[derive(Clone, Debug)]
pub struct Code(Arc<RegistryKey>);

impl Code {
    fn keep(lua: &Lua, function: Function) -> mlua::Result<Code> {
        // Scripts that were forgotten meanwhile go.
        lua.expire_registry_values();
        Ok(Code(Arc::new(lua.create_registry_value(function)?)))
    }
}

/// What the first line of a script declares.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Declared {
    /// There is such a line.
    pub any: bool,
    /// It writes nothing.
    pub no_writes: bool,
    /// It runs although memory is short.
    pub allow_oom: bool,
    /// It runs on a replica that lost its primary.
    pub allow_stale: bool,
    /// It does not run in a cluster.
    pub no_cluster: bool,
    /// In a cluster its calls may be about several slots.
    pub cross_slot: bool,
}

impl Declared {
    /// Notes a flag; whether there is one of this name.
    fn set(&mut self, flag: &str) -> bool {
        match flag {
            "no-writes" => self.no_writes = true,
            "allow-oom" => self.allow_oom = true,
            "allow-stale" => self.allow_stale = true,
            "no-cluster" => self.no_cluster = true,
            "allow-cross-slot-keys" => self.cross_slot = true,
            _ => return false,
        }
        true
    }
}

impl Vm {
    /// A machine that uses up to `limit` bytes.
    pub fn new(limit: usize) -> Result<Vm, Problem> {
        // Without the library `jit` LuaJIT only interprets: compiled code would not look at the time.
        let libraries = StdLib::TABLE | StdLib::STRING | StdLib::MATH | StdLib::OS | StdLib::BIT;
        // The binding's other pcall could not be paused.
        let lua = Lua::new_with(libraries, LuaOptions::new().catch_rust_panics(true))?;
        // Where it cannot be limited there are no scripts.
        lua.set_memory_limit(limit)?;
        let shared = Arc::new(Shared::default());
        let rust = library::table(&lua, &shared)?;
        let prelude = lua.load(include_str!("prelude.lua")).set_name(PRELUDE);
        let (visible, start, begin_load, end_load) = prelude.call(rust)?;
        let visible: Table = visible;
        lua.set_globals(visible)?;
        slice::watch(&lua)?;
        let names = Arc::new(lua.create_registry_value(lua.create_sequence_from(NAMES)?)?);
        Ok(Vm { lua, start, begin_load, end_load, names, shared, idle: None, limit })
    }

    /// Bytes that it uses.
    pub fn memory(&self) -> usize {
        self.lua.used_memory()
    }

    /// Compiles the text of a script.
    pub fn compile(&self, text: &[u8]) -> Result<Code, Problem> {
        // The first line stays, empty: errors count lines.
        let body = if text.starts_with(b"#!") { &text[line_end(text)..] } else { text };
        let function = self.function(body, USER_SCRIPT).map_err(|why| Problem::compile(&said(&why)))?;
        Ok(Code::keep(&self.lua, function)?)
    }

    /// Compiles a text, so that it runs as in Lua 5.1.
    fn function(&self, text: &[u8], name: &str) -> mlua::Result<Function> {
        let compile = |text: &[u8]| self.lua.load(text).set_name(name).set_mode(ChunkMode::Text).into_function();
        let text = readable(text);
        // As it stands first: errors are to speak of what was written.
        let plain = compile(&text)?;
        Ok(corrected(&text).and_then(|text| compile(&text).ok()).unwrap_or(plain))
    }

    /// Begins a run of a script with these keys and arguments; `name` stands in its errors.
    pub fn begin<'a>(
        &mut self,
        code: Code,
        name: &str,
        keys: impl Iterator<Item = &'a [u8]>,
        args: impl Iterator<Item = &'a [u8]>,
    ) -> Result<Run, Problem> {
        self.run(code, name, Given::Globals, keys, args)
    }

    /// Begins a run of a function, which gets its keys and arguments passed.
    pub fn begin_function<'a>(
        &mut self,
        code: Code,
        name: &str,
        keys: impl Iterator<Item = &'a [u8]>,
        args: impl Iterator<Item = &'a [u8]>,
    ) -> Result<Run, Problem> {
        self.run(code, name, Given::Passed, keys, args)
    }

    fn run<'a>(
        &mut self,
        code: Code,
        name: &str,
        given: Given,
        keys: impl Iterator<Item = &'a [u8]>,
        args: impl Iterator<Item = &'a [u8]>,
    ) -> Result<Run, Problem> {
        if !self.lua.owns_registry_value(&code.0) {
            // Its number means something else here.
            return Err(Problem::machine("the script is of another machine"));
        }
        self.shared.reset();
        let mut runner = match self.idle.take() {
            Some(runner) => runner,
            None => self.runner()?,
        };
        runner.name.clear();
        runner.name.push_str(name);
        let Start { code: number, given: how, words, keys: count } = &mut runner.tray.start;
        (*number, *how) = (code.0.id(), given);
        keys.for_each(|key| words.push(key));
        *count = words.as_args().len();
        args.for_each(|arg| words.push(arg));
        Ok(Run::new(runner, code))
    }

    fn runner(&self) -> mlua::Result<Box<Runner>> {
        let coroutine = Coroutine::new(&self.lua, &self.start)?;
        let (lua, names, shared) = (self.lua.clone(), Arc::clone(&self.names), Arc::clone(&self.shared));
        Ok(Box::new(Runner { lua, coroutine, names, tray: Tray::new(shared), name: String::new() }))
    }

    /// Runs the text of a library, which registers its functions. `host` takes what it logs.
    pub fn load_library(&mut self, text: &[u8], host: &mut dyn Host) -> Result<Vec<Registered>, Problem> {
        let body = &text[line_end(text)..];
        let chunk = self.function(body, USER_FUNCTION).map_err(|why| Problem::function(&said(&why)))?;
        self.begin_load.call::<()>(&chunk)?;
        let none = || std::iter::empty::<&[u8]>();
        let mut run = self.run(Code::keep(&self.lua, chunk)?, "", Given::Nothing, none(), none())?;
        let outcome = run.load(host, LOAD_TIME);
        let usable = self.end(run);
        let registered: Table = self.end_load.call(())?;
        outcome.map_err(|why| Problem::registering(&why))?;
        if !usable {
            return Err(Problem::registering(&super::error::coded(NO_MEMORY)));
        }
        registered.sequence_values::<Table>().map(|f| Ok(Registered::read(&self.lua, &f?)?)).collect()
    }

    /// Takes a run back; whether the machine is still good. One whose memory was used up is not.
    #[must_use]
    pub fn end(&mut self, run: Run) -> bool {
        let (idle, exhausted) = run.finish();
        self.idle = idle;
        if exhausted {
            return false;
        }
        if self.memory() > self.limit / 2 {
            let _ = self.lua.gc_collect();
        }
        self.memory() <= self.limit / 4 * 3
    }
}

/// Why a text does not compile, as Lua 5.1 says it: of the escapes only a number above 255 is still wrong.
fn said(why: &mlua::Error) -> String {
    plain(why).replacen("invalid escape sequence", "escape sequence too large", 1)
}

/// A text as LuaJIT reads it in the way of Lua 5.1. It would skip a first line that begins with `#`.
pub fn readable(text: &[u8]) -> Cow<'_, [u8]> {
    match escapes::plain(text) {
        text if text.starts_with(b"#") => Cow::Owned([b" ", &*text].concat()),
        text => text,
    }
}

/// A text that compiles, with what LuaJIT needs to run it as Lua 5.1 does; none if it needs nothing.
pub fn corrected(text: &[u8]) -> Option<Vec<u8>> {
    if text.len() > LARGEST_CORRECTED {
        return None;
    }
    let mut edits = Vec::new();
    tail::edit(text, &mut edits);
    steps::edit(text, &mut edits);
    (!edits.is_empty()).then(|| words::insert(text, &mut edits))
}

fn line_end(text: &[u8]) -> usize {
    memchr::memchr(b'\n', text).unwrap_or(text.len())
}

/// Reads the first line of a script.
pub fn declared(text: &[u8]) -> Result<Declared, Problem> {
    let mut declared = Declared::default();
    if !text.starts_with(b"#!") {
        return Ok(declared);
    }
    let end = memchr::memchr(b'\n', text).ok_or(Problem(BAD_SHEBANG.into()))?;
    declared.any = true;
    let line = split_line(&text[..end]).ok_or(Problem(BAD_ENGINE.into()))?;
    let (engine, words) = line.split_first().ok_or(Problem(BAD_ENGINE.into()))?;
    if engine != "#!lua" {
        return Err(Problem::engine(engine));
    }
    for word in words {
        let flags = word.strip_prefix("flags=").ok_or_else(|| Problem::option(word))?;
        for flag in flags.split(',').filter(|_| !flags.is_empty()) {
            if !declared.set(flag) {
                return Err(Problem::flag(flag));
            }
        }
    }
    Ok(declared)
}

/// The SHA-1 of a text, in lower-case hexadecimal.
pub fn sha1_hex(text: &[u8]) -> String {
    sha1_smol::Sha1::from(text).digest().to_string()
}

/// Whether an error says that memory was used up.
pub fn says_exhausted(line: &str) -> bool {
    line.contains(NO_MEMORY)
}
