//! Error texts of the verbs about scripts. (What a script itself raises: `src/script/error.rs`.)

use super::{Refusal, lossy, owned, texts};

texts! {
    NOSCRIPT = "NOSCRIPT No matching script. Please use EVAL.";
    TOO_MANY_KEYS = "ERR Number of keys can't be greater than number of args";
    NEGATIVE_KEYS = "ERR Number of keys can't be negative";
    FLUSH_OPTION = "ERR SCRIPT FLUSH only support SYNC|ASYNC option";
    DEBUG_OPTION = "ERR Use SCRIPT DEBUG YES/SYNC/NO";
    NO_DEBUGGER = "ERR there is no debugger for scripts";
    NOT_BUSY = "NOTBUSY No scripts in execution right now.";
    UNKILLABLE = "UNKILLABLE Sorry the script already executed write commands against the dataset. You can either wait the script termination or kill the server in a hard way using the SHUTDOWN NOSAVE command.";
    NOT_READ_ONLY = "ERR Can not execute a script with write flag using *_ro command.";
    OOM_FLAG = "OOM allow-oom flag is not set on the script, can not run it when used memory > 'maxmemory'";
    CACHE_FULL = "ERR the cached scripts together are larger than 'script-memory-limit', SCRIPT FLUSH forgets them";
    FUNCTION_FLUSH_OPTION = "ERR FUNCTION FLUSH only supports SYNC|ASYNC option";
    FUNCTION_NOT_FOUND = "ERR Function not found";
    LIBRARY_NOT_FOUND = "ERR Library not found";
    BAD_KEYS = "ERR Bad number of keys provided";
    NO_PATTERN = "ERR library name argument was not given";
    POLICY = "ERR Wrong restore policy given, value should be either FLUSH, APPEND or REPLACE.";
    BUSY_FUNCTION = "BUSY Redis is busy running a script. You can only call FUNCTION KILL or SHUTDOWN NOSAVE.";
    NO_CLUSTER = "ERR Can not run script on cluster, 'no-cluster' flag is set.";
    NOT_BUILT = "ERR scripting is not part of this build";
}

// What a call in a script is answered.

/// No such command.
pub const UNKNOWN: &str = "ERR Unknown Redis command called from script";
/// Too few or too many arguments.
pub const ARITY: &str = "ERR Wrong number of args calling Redis command from script";
/// A command that scripts cannot use.
pub const NOT_ALLOWED: &str = "ERR This Redis command is not allowed from script";
/// A write of a script that only reads.
pub const READ_ONLY: &str = "ERR Write commands are not allowed from read-only scripts.";
/// Something is only on disk, and the script has changed too much to begin anew.
pub const TOO_LATE: &str =
    "ERR what the script asked for is only on disk and cannot be loaded inside of table.sort or string.gsub";

/// A key in another slot than those before it, in a cluster.
pub const OTHER_SLOT: &str = "ERR Script attempted to access keys that do not hash to the same slot";

/// A call with keys in several slots, in a cluster.
pub fn crossed(command: &str) -> std::borrow::Cow<'static, str> {
    format!("ERR Command '{command}' in script attempted to access keys that don't hash to the same slot").into()
}

/// FUNCTION LOAD with another word than REPLACE.
pub fn unknown_option(word: &[u8]) -> Refusal {
    owned(format!("ERR Unknown option given: {}", lossy(word)))
}

/// FUNCTION LIST with a word that it does not know, or twice.
pub fn unknown_argument(word: &[u8]) -> Refusal {
    owned(format!("ERR Unknown argument {}", lossy(word)))
}

/// A subcommand with more arguments than it takes.
pub fn function_arity(name: &str) -> Refusal {
    super::unknown_or_arity("FUNCTION", name.as_bytes())
}

/// What a script was refused for before it ran.
pub fn problem(line: impl Into<std::borrow::Cow<'static, str>>) -> Refusal {
    owned(line.into().into_owned())
}
