//! Every error text that leaves the server, once. Libraries compare some of them literally.
//!
//! Generic texts stand here, the others in one file for each group of verbs. Must never know: how an error is framed.

pub mod acl;
pub mod bitmap;
pub mod cluster;
pub mod connection;
pub mod hash;
pub mod keyspace;
pub mod lease;
pub mod list;
pub mod policy;
pub mod pubsub;
pub mod script;
pub mod server;
pub mod set;
pub mod sort;
pub mod stream;
pub mod string;
pub mod transaction;
pub mod zset;

use crate::broker::errand::Errand;
use crate::broker::wait::Park;
use crate::broker::work::Work;
use brooklet_storage::load::Missing;
use std::borrow::Cow;

/// Why a command has no answer (yet).
#[derive(Debug)]
pub enum Refusal {
    /// An error line for the client, with its code.
    Wire(Cow<'static, str>),
    /// Something is only on disk: load it, then run the command again.
    Missing(Missing),
    /// Something must be done outside the engine lock; what that brings is the answer.
    Errand(Errand),
    /// There is nothing yet: wait, then run the command again.
    Park(Box<Park>),
    /// One hold of the lock is not enough: this goes on in further ones.
    Unfinished(Box<dyn Work>),
}

impl From<Missing> for Refusal {
    fn from(missing: Missing) -> Refusal {
        Refusal::Missing(missing)
    }
}

const fn text(text: &'static str) -> Refusal {
    Refusal::Wire(Cow::Borrowed(text))
}

fn owned(text: String) -> Refusal {
    Refusal::Wire(Cow::Owned(text))
}

fn lossy(bytes: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(bytes)
}

/// Names constant error lines.
macro_rules! texts {
    ($($name:ident = $text:literal;)*) => {
        $(#[doc = $text] pub const $name: $crate::command::error::Refusal = $crate::command::error::text($text);)*
    };
}
use texts;

/// Sent to a connection that is not served, without the leading minus.
pub const TOO_MANY_CLIENTS: &str = "ERR max number of clients reached";

/// Sent to a client of another machine while there is no password, without the leading minus. Clients know its code.
pub const PROTECTED: &str = "DENIED Redis is running in protected mode because protected mode is enabled and no \
    password is set for the default user. Until the operator sets one (requirepass), only clients on the machine that \
    runs the server are served. To serve other machines without any password, it must be started with --insecure.";

/// Answers a call that cannot have everything that it needs in memory at one time.
pub const TOO_LITTLE_MEMORY: &str = "ERR 'maxmemory' is too small for what this call reads";

texts! {
    SYNTAX = "ERR syntax error";
    NOT_INTEGER = "ERR value is not an integer or out of range";
    NOT_FLOAT = "ERR value is not a valid float";
    OUT_OF_RANGE = "ERR value is out of range";
    NOT_POSITIVE = "ERR value is out of range, must be positive";
    NO_SUCH_KEY = "ERR no such key";
    WRONG_TYPE = "WRONGTYPE Operation against a key holding the wrong kind of value";
    NOVALUES = "ERR NOVALUES option can only be used in HSCAN";
    INVALID_CURSOR = "ERR invalid cursor";
    DB_OUT_OF_RANGE = "ERR DB index is out of range";
    NOAUTH = "NOAUTH Authentication required.";
    BUSY = "BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.";
    OOM = "OOM command not allowed when used memory > 'maxmemory'.";
    TOO_MUCH_AT_ONCE = "ERR a quarter of 'maxmemory' is less than what this call reads from disk at once, use COUNT or a smaller range";
    COUNT_RANGE = "ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807";
    NUMKEYS_POSITIVE = "ERR numkeys should be greater than 0";
    COUNT_POSITIVE = "ERR count should be greater than 0";
    TIMEOUT_NOT_FLOAT = "ERR timeout is not a float or out of range";
    TIMEOUT_NOT_INTEGER = "ERR timeout is not an integer or out of range";
    TIMEOUT_NEGATIVE = "ERR timeout is negative";
    TIMEOUT_OUT_OF_RANGE = "ERR timeout is out of range";
}

/// The line for an unknown command, quoting what was sent up to about 128 bytes.
pub fn unknown_command(name: &[u8], args: super::args::Args<'_>) -> Refusal {
    let mut quoted = String::new();
    for arg in args.from(1).iter() {
        if quoted.len() >= 128 {
            break;
        }
        let room = 128 - quoted.len();
        quoted.push_str(&format!("'{}' ", lossy(&arg[..arg.len().min(room)])));
    }
    let name = &name[..name.len().min(128)];
    owned(format!("ERR unknown command '{}', with args beginning with: {quoted}", lossy(name)))
}

/// The line for a write while the disk takes none.
pub fn write_trouble(why: &str) -> Refusal {
    owned(format!("MISCONF Errors writing to the AOF file: {why}"))
}

/// The line for an unknown subcommand of a container.
pub fn unknown_subcommand(container: &str, sub: &[u8]) -> Refusal {
    let container = container.to_ascii_uppercase();
    owned(format!("ERR unknown subcommand '{}'. Try {container} HELP.", lossy(&sub[..sub.len().min(128)])))
}

/// The line for a subcommand of `container` that was given something that it does not know; `sub` is as it was typed.
pub fn unknown_or_arity(container: &str, sub: &[u8]) -> Refusal {
    let sub = lossy(&sub[..sub.len().min(128)]);
    owned(format!("ERR unknown subcommand or wrong number of arguments for '{sub}'. Try {container} HELP."))
}

/// The line for a wrong number of arguments; `name` is the spec's name.
pub fn wrong_arity(name: &str) -> Refusal {
    owned(format!("ERR wrong number of arguments for '{name}' command"))
}

/// The line for a deadline that is not after now, or too far away.
pub fn invalid_expire(command: &str) -> Refusal {
    owned(format!("ERR invalid expire time in '{command}' command"))
}
