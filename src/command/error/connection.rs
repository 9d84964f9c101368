//! Error texts of connection verbs.

use super::{Refusal, lossy, owned, texts};

texts! {
    UNBLOCKED = "UNBLOCKED client unblocked via CLIENT UNBLOCK";
    UNBLOCK_REASON = "ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR";
    AUTH_UNASKED = "ERR AUTH <password> called without any password configured for the default user. Are you sure your configuration is correct?";
    WRONG_PASSWORD = "WRONGPASS invalid username-password pair or user is disabled.";
    NO_PROTOCOL = "NOPROTO unsupported protocol version";
    PROTOCOL_NOT_INTEGER = "ERR Protocol version is not an integer or out of range";
    HELLO_NOAUTH = "NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO <proto> AUTH <user> <pass> option can be used to authenticate the client and select the RESP protocol version at the same time";
    BAD_NAME = "ERR Client names cannot contain spaces, newlines or special characters.";
    BAD_CLIENT_ID = "ERR Invalid client ID";
    NO_SUCH_CLIENT = "ERR No such client";
    KILL_ID = "ERR client-id should be greater than 0";
    KILL_MAXAGE = "ERR maxage should be greater than 0";
    MAXAGE_NOT_INTEGER = "ERR maxage is not an integer or out of range";
    PAUSE_MODE = "ERR CLIENT PAUSE mode must be WRITE or ALL";
}

/// The line for a word that HELLO does not take there.
pub fn hello_option(word: &[u8]) -> Refusal {
    owned(format!("ERR Syntax error in HELLO option '{}'", lossy(word)))
}

/// The line for an attribute that CLIENT SETINFO does not know.
pub fn setinfo_option(word: &[u8]) -> Refusal {
    owned(format!("ERR Unrecognized option '{}'", lossy(word)))
}

/// The line for a value that would break the lines of CLIENT LIST.
pub fn setinfo_value(attribute: &[u8]) -> Refusal {
    owned(format!("ERR {} cannot contain spaces, newlines or special characters.", lossy(attribute)))
}

/// The line for a type of client that does not exist.
pub fn unknown_type(word: &[u8]) -> Refusal {
    owned(format!("ERR Unknown client type '{}'", lossy(word)))
}

/// The line for a user that does not exist.
pub fn no_such_user(name: &[u8]) -> Refusal {
    owned(format!("ERR No such user '{}'", lossy(name)))
}
