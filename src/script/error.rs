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

/// Why there is no script to run, or no machine to run it on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem(pub Cow<'static, str>);

impl Problem {
    /// A script that Lua does not understand.
    pub fn compile(why: &str) -> Problem {
        Problem(format!("ERR Error compiling script (new function): {why}").into())
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

/// `redis.call` without anything.
pub const NO_ARGUMENTS: &str = "ERR Please specify at least one argument for this redis lib call";
/// `redis.call` with a table, say.
pub const BAD_ARGUMENTS: &str = "ERR Lua redis lib command arguments must be strings or integers";
/// `redis.acl_check_cmd` of what is no command.
pub const NO_SUCH_CALL: &str = "ERR Invalid command passed to redis.acl_check_cmd()";
