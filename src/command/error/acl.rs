//! Error texts about users and what they may do.

use super::{Refusal, lossy, owned, texts};
use crate::acl::{Denial, LineError, RuleError};
use std::fmt::Write;

texts! {
    DEFAULT_STAYS = "ERR The 'default' user cannot be removed";
    BAD_USER_NAME = "ERR Usernames can't contain spaces or null characters";
    GENPASS_RANGE = "ERR ACL GENPASS argument must be the number of bits for the output password, a positive number up to 4096";
    NO_RANDOMNESS = "ERR the system has no random numbers to give";
    NO_FILE = "ERR This Redis instance is not configured to use an ACL file. You may want to specify users via the ACL SETUSER command and then issue a CONFIG REWRITE (assuming you have a Redis configuration file set) in order to store users in the Redis configuration.";
    NOT_SAVED = "ERR There was an error trying to save the ACLs. Please check the server logs for more information";
    SORT_BY = "ERR BY option of SORT denied due to insufficient ACL permissions.";
    SORT_GET = "ERR GET option of SORT denied due to insufficient ACL permissions.";
}

/// The line for a call that a user may not make.
pub fn denied(user: &[u8], command: &str, denial: &Denial) -> Refusal {
    owned(format!("NOPERM {}", reason(user, command, denial)))
}

fn reason(user: &[u8], command: &str, denial: &Denial) -> String {
    match denial {
        Denial::Command => format!("User {} has no permissions to run the '{command}' command", lossy(user)),
        Denial::Key(_) => "No permissions to access a key".into(),
        Denial::Channel(_) => "No permissions to access a channel".into(),
    }
}

/// The line for a queued call that its user may not make any more.
pub fn denied_at_exec(denial: &Denial) -> Refusal {
    let why = match denial {
        Denial::Command => "no permission to execute the command or subcommand",
        Denial::Key(_) => "no permission to touch the specified keys",
        Denial::Channel(_) => "no permission to access one of the channels used as arguments",
    };
    owned(format!(
        "NOPERM ACLs rules changed between the moment the transaction was accumulated and the EXEC call. This command is no longer allowed for the following reason: {why}"
    ))
}

/// The line for a call of a script.
pub fn denied_in_script(user: &[u8], command: &str, denial: &Denial) -> String {
    format!("ERR ACL failure in script: {}", reason(user, command, denial))
}

/// What ACL DRYRUN answers.
pub fn dry_run(user: &[u8], command: &str, denial: &Denial) -> String {
    let user = lossy(user);
    match denial {
        Denial::Command => format!("User {user} has no permissions to run the '{command}' command"),
        Denial::Key(name) => format!("User {user} has no permissions to access the '{}' key", lossy(name)),
        Denial::Channel(name) => format!("User {user} has no permissions to access the '{}' channel", lossy(name)),
    }
}

fn why(error: RuleError) -> &'static str {
    match error {
        RuleError::Syntax => "Syntax error",
        RuleError::Unknown => "Unknown command or category name in ACL",
        RuleError::AfterAllKeys => {
            "Adding a pattern after the * pattern (or the 'allkeys' flag) is not valid and does not have any effect. Try 'resetkeys' to start with an empty list of patterns"
        }
        RuleError::AfterAllChannels => {
            "Adding a pattern after the * pattern (or the 'allchannels' flag) is not valid and does not have any effect. Try 'resetchannels' to start with an empty list of channels"
        }
        RuleError::BadHash => {
            "The password hash must be exactly 64 characters and contain only lowercase hexadecimal characters"
        }
        RuleError::NoSuchPassword => "The password you are trying to remove from the user does not exist",
        RuleError::FirstArgOfSubcommand => "Allowing first-arg of a subcommand is not supported",
    }
}

/// The line for a rule of ACL SETUSER that is none.
pub fn modifier(rule: &[u8], error: RuleError) -> Refusal {
    owned(format!("ERR Error in ACL SETUSER modifier '{}': {}", lossy(rule), why(error)))
}

/// The line for a selector that does not end.
pub fn unmatched(word: &[u8]) -> Refusal {
    owned(format!("ERR Unmatched parenthesis in acl selector starting at '{}'.", lossy(word)))
}

/// The line for a category that does not exist.
pub fn unknown_category(name: &[u8]) -> Refusal {
    owned(format!("ERR Unknown category '{}'", lossy(name)))
}

/// The line for a user that ACL DRYRUN does not know.
pub fn user_not_found(name: &[u8]) -> Refusal {
    owned(format!("ERR User '{}' not found", lossy(name)))
}

/// The line for a command that ACL DRYRUN does not know.
pub fn command_not_found(name: &[u8]) -> Refusal {
    owned(format!("ERR Command '{}' not found", lossy(name)))
}

/// The line for a subcommand with a wrong number of arguments.
pub fn arguments(name: &[u8]) -> Refusal {
    super::unknown_or_arity("ACL", name)
}

/// The line for a file that cannot be read.
pub fn unreadable(path: &str, why: &str) -> Refusal {
    owned(format!("ERR Error loading ACLs, opening file '{path}': {why}"))
}

/// The line for a file with mistakes.
pub fn mistakes(path: &str, errors: &[LineError]) -> Refusal {
    owned(format!(
        "ERR {}WARNING: ACL errors detected, no change to the previously active ACL rules was performed",
        list(path, errors)
    ))
}

/// The mistakes in a file, each followed by what stands between two.
pub fn list(path: &str, errors: &[LineError]) -> String {
    let mut list = String::new();
    for error in errors {
        // Writing to a string cannot fail.
        let _ = match error {
            LineError::NoUser(line) => {
                write!(list, "{path}:{line} should start with user keyword followed by the username. ")
            }
            LineError::Duplicate(line, name) => {
                write!(list, "WARNING: Duplicate user '{}' found on line {line}. ", lossy(name))
            }
            LineError::Unmatched(line) => write!(list, "{path}:{line}: Unmatched parenthesis in selector definition."),
            LineError::Rule(line, rule, error @ RuleError::Unknown) => {
                write!(list, "{path}:{line}: Error in applying operation '{}': {}. ", lossy(rule), why(*error))
            }
            LineError::Rule(line, _, error) => write!(list, "{path}:{line}: {}. ", why(*error)),
        };
    }
    list
}
