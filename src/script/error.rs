//! The error texts of scripts, and what went wrong in one.

use std::borrow::Cow;

/// What is said of an error that says nothing.
pub const UNKNOWN: &str = "ERR unknown error";
/// A script whose answer would be too large or too deep.
pub const REPLY_TOO_LARGE: &str = "ERR the answer of the script is too large or nested too deeply";
/// What ends a script that somebody wants to end.
pub const KILLED: &std::ffi::CStr = c"Script killed by user with SCRIPT KILL...";
/// What ends a script that goes on where it cannot be paused.
pub const STUBBORN: &std::ffi::CStr = c"script ran too long where it cannot be paused";
/// A first line `#!` without an end.
pub const BAD_SHEBANG: &str = "ERR Invalid script shebang";
/// One whose quotes do not match.
pub const BAD_ENGINE: &str = "ERR Invalid engine in script shebang";

/// Why there is no script to run, or no machine to run it on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem(pub Cow<'static, str>);

impl Problem {
    /// A script that Lua does not understand.
    pub fn compile(why: &str) -> Problem {
        Problem(format!("ERR Error compiling script (new function): {why}").into())
    }

    /// A library that Lua does not understand.
    pub fn function(why: &str) -> Problem {
        Problem(format!("ERR Error compiling function: {why}").into())
    }

    /// A library that fails.
    pub fn registering(why: &str) -> Problem {
        Problem(format!("ERR Error registering functions: {why}").into())
    }

    /// The first line names another language.
    pub fn engine(named: &str) -> Problem {
        Problem(format!("ERR Unexpected engine in script shebang: {named}").into())
    }

    /// The first line has a flag that does not exist.
    pub fn flag(flag: &str) -> Problem {
        Problem(format!("ERR Unexpected flag in script shebang: {flag}").into())
    }

    /// The first line has an option that does not exist.
    pub fn option(option: &str) -> Problem {
        Problem(format!("ERR Unknown lua shebang option: {option}").into())
    }

    /// The machine could not be built or used.
    pub fn machine(why: &str) -> Problem {
        Problem(format!("ERR the script engine failed: {why}").into())
    }
}

impl From<mlua::Error> for Problem {
    fn from(why: mlua::Error) -> Problem {
        Problem::machine(&plain(&why))
    }
}

/// What went wrong, without what the binding adds to it.
pub fn plain(why: &mlua::Error) -> String {
    match why {
        mlua::Error::RuntimeError(text) => text.split("\nstack traceback:").next().unwrap_or(text).to_owned(),
        mlua::Error::SyntaxError { message, .. } => message.clone(),
        mlua::Error::MemoryError(_) => NO_MEMORY.to_owned(),
        mlua::Error::CallbackError { cause, .. } => plain(cause),
        other => other.to_string(),
    }
}

/// How Lua says that its memory is used up.
pub const NO_MEMORY: &str = "not enough memory";

/// An error that has no code gets one.
pub fn coded(text: &str) -> String {
    format!("ERR {text}")
}

/// Adds which script went wrong, and where.
pub fn located(error: &str, script: &str, place: Option<(&str, i64)>) -> String {
    match place {
        Some((source, line)) => format!("{error} script: {script}, on {source}:{line}."),
        None => format!("{error} script: {script}"),
    }
}

/// A library that takes too long.
pub const LOAD_TIMEOUT: &str = "ERR FUNCTION LOAD timeout";
/// `redis.call` without anything.
pub const NO_ARGUMENTS: &str = "ERR Please specify at least one argument for this redis lib call";
/// `redis.call` with a table, say.
pub const BAD_ARGUMENTS: &str = "ERR Lua redis lib command arguments must be strings or integers";
/// `redis.acl_check_cmd` of what is no command.
pub const NO_SUCH_CALL: &str = "ERR Invalid command passed to redis.acl_check_cmd()";

/// What is wrong with a library.
impl Problem {
    /// It has no first line `#!`.
    pub fn no_metadata() -> Problem {
        Problem("ERR Missing library metadata".into())
    }

    /// Its first line is all it has.
    pub fn bad_metadata() -> Problem {
        Problem("ERR Invalid library metadata".into())
    }

    /// Its first line has something that is not known.
    pub fn metadata_value(word: &str) -> Problem {
        Problem(format!("ERR Invalid metadata value given: {word}").into())
    }

    /// It has two names.
    pub fn name_twice() -> Problem {
        Problem("ERR Invalid metadata value, name argument was given multiple times".into())
    }

    /// It has no name.
    pub fn no_name() -> Problem {
        Problem("ERR Library name was not given".into())
    }

    /// Its name has other letters.
    pub fn bad_name() -> Problem {
        const TEXT: &str = "ERR Library names can only contain letters, numbers, or underscores(_) and must be at least \
            one character long";
        Problem(TEXT.into())
    }

    /// It is written in another language.
    pub fn no_engine(engine: &str) -> Problem {
        Problem(format!("ERR Engine '{engine}' not found").into())
    }

    /// There is one of that name.
    pub fn library_exists(name: &str) -> Problem {
        Problem(format!("ERR Library '{name}' already exists").into())
    }

    /// Another library has a function of that name.
    pub fn function_exists(name: &str) -> Problem {
        Problem(format!("ERR Function {name} already exists").into())
    }

    /// It registers nothing.
    pub fn no_functions() -> Problem {
        Problem("ERR No functions registered".into())
    }

    /// It is no dump of ours.
    pub fn bad_dump() -> Problem {
        Problem("ERR DUMP payload version or checksum are wrong".into())
    }
}
