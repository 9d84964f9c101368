//! Error texts of connection verbs.

use super::{Refusal, lossy, owned, texts};

texts! {
    TWO_REDIRECTS = "ERR A client can only redirect to a single other client";
    NO_REDIRECT = "ERR The client ID you want redirect to does not exist";
    PREFIX_WITHOUT_BCAST = "ERR PREFIX option requires BCAST mode to be enabled";
    SWITCH_BCAST = "ERR You can't switch BCAST mode on/off before disabling tracking for this client, and then re-enabling it with a different mode.";
    SWITCH_OPT = "ERR You can't switch OPTIN/OPTOUT mode before disabling tracking for this client, and then re-enabling it with a different mode.";
    OPT_WITH_BCAST = "ERR OPTIN and OPTOUT are not compatible with BCAST";
    OPT_IN_AND_OUT = "ERR You can't specify both OPTIN mode and OPTOUT mode";
    CACHING_UNTRACKED = "ERR CLIENT CACHING can be called only when the client is in tracking mode with OPTIN or OPTOUT mode enabled";
    CACHING_YES = "ERR CLIENT CACHING YES is only valid when tracking is enabled in OPTIN mode.";
    CACHING_NO = "ERR CLIENT CACHING NO is only valid when tracking is enabled in OPTOUT mode.";
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

/// The line for a prefix that contains one that the client tracks already, or is contained in it.
pub fn overlaps_existing(prefix: &[u8], known: &[u8]) -> Refusal {
    overlaps(prefix, "an existing", known)
}

/// The line for two such prefixes in one call.
pub fn overlaps_provided(prefix: &[u8], other: &[u8]) -> Refusal {
    overlaps(prefix, "another provided", other)
}

fn overlaps(prefix: &[u8], which: &str, other: &[u8]) -> Refusal {
    let (prefix, other) = (lossy(prefix), lossy(other));
    owned(format!(
        "ERR Prefix '{prefix}' overlaps with {which} prefix '{other}'. Prefixes for a single client must not overlap."
    ))
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
