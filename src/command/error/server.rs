//! Error texts of server verbs.

use super::{Refusal, lossy, owned, texts};
use crate::config::ConfigError;

texts! {
    MONITOR_IN_EXEC = "ERR MONITOR isn't allowed for DENY BLOCKING client";
    MONITOR_READS = "ERR Replica can't interact with the keyspace";
    NOT_SAVED = "ERR the backup failed, see backup_last_error in INFO";
    NO_SHUTDOWN = "ERR No shutdown in progress.";
    NUMLOCAL_RANGE = "ERR value is out of range, value must between 0 and 1";
    WAITAOF_VOLATILE = "ERR WAITAOF cannot be used when numlocal is set but appendonly is disabled.";
    BAD_PORT = "ERR Invalid master port";
    NO_REPLICATION = "ERR this server does not follow another one; only NO ONE is accepted";
    SLOWLOG_COUNT = "ERR count should be greater than or equal to -1";
    DEBUG_DISABLED = "ERR DEBUG command not allowed. If the enable-debug-command option is set to \"local\", you can run it from a local connection, otherwise you need to set this option in the configuration file, and then restart the server.";
    DEBUG_PROTOCOL = "ERR Wrong protocol type name. Please use one of the following: string|integer|double|bignum|null|array|set|map|attrib|push|verbatim|true|false";
    INVALID_COMMAND = "ERR Invalid command specified";
    INVALID_ARGUMENT_COUNT = "ERR Invalid number of arguments specified for command";
    INVALID_ARGUMENTS = "ERR Invalid arguments specified for command";
    NO_KEYS = "ERR The command has no key arguments";
}

/// The line for a refused CONFIG; `config/error.rs` has the texts.
pub fn config(why: ConfigError) -> Refusal {
    owned(why.to_string())
}

/// The line for a DEBUG subcommand that does not exist, or not with so many arguments.
pub fn unknown_debug(sub: &[u8]) -> Refusal {
    super::unknown_or_arity("DEBUG", sub)
}

/// The line for a kind of event that never was slow.
pub fn no_samples(event: &[u8]) -> Refusal {
    owned(format!("ERR No samples available for event '{}'", lossy(event)))
}
