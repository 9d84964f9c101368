//! Error texts of stream verbs.

use super::{Refusal, lossy, owned, texts};

texts! {
    INVALID_STREAM_ID = "ERR Invalid stream ID specified as stream command argument";
    INVALID_RANGE_START = "ERR invalid start ID for the interval";
    INVALID_RANGE_END = "ERR invalid end ID for the interval";
    XADD_ID_ZERO = "ERR The ID specified in XADD must be greater than 0-0";
    XADD_ID_SMALL = "ERR The ID specified in XADD is equal or smaller than the target stream top item";
    XADD_EXHAUSTED = "ERR The stream has exhausted the last possible ID, unable to add more items";
    XADD_TOO_LARGE = "ERR Elements are too large to be stored";
    TRIM_BOTH = "ERR syntax error, MAXLEN and MINID options at the same time are not compatible";
    TRIM_MAXLEN_NEGATIVE = "ERR The MAXLEN argument must be >= 0.";
    TRIM_LIMIT_NEGATIVE = "ERR The LIMIT argument must be >= 0.";
    TRIM_LIMIT_WITHOUT_STRATEGY = "ERR syntax error, LIMIT cannot be used without specifying a trimming strategy";
    TRIM_LIMIT_WITHOUT_ABOUT = "ERR syntax error, LIMIT cannot be used without the special ~ option";
    TRIM_NO_STRATEGY = "ERR syntax error, XTRIM must be called with a trimming strategy";
    NUMIDS_NOT_POSITIVE = "ERR Number of IDs must be a positive integer";
    NUMIDS_MISMATCH = "ERR The `numids` parameter must match the number of arguments";
    IDS_REQUIRED = "ERR IDS option is required";
    XSETID_ADDED_NEGATIVE = "ERR entries_added must be positive";
    XSETID_BELOW_GIVEN_DELETED = "ERR The ID specified in XSETID is smaller than the provided max_deleted_entry_id";
    XSETID_BELOW_DELETED = "ERR The ID specified in XSETID is smaller than current max_deleted_entry_id";
    XSETID_BELOW_TOP = "ERR The ID specified in XSETID is smaller than the target stream top item";
    XSETID_ADDED_SMALL = "ERR The entries_added specified in XSETID is smaller than the target stream length";
    XCFGSET_NOTHING = "ERR At least one parameter must be specified";
    IDMP_DURATION_RANGE = "ERR IDMP-DURATION must be between 1 and 86400 seconds";
    IDMP_DURATION_TWICE = "ERR IDMP-DURATION specified multiple times";
    IDMP_MAXSIZE_RANGE = "ERR IDMP-MAXSIZE must be between 1 and 10000 entries";
    IDMP_MAXSIZE_TWICE = "ERR IDMP-MAXSIZE specified multiple times";
    XIDMPRECORD_NO_PRODUCER = "ERR producer ID must be non-empty";
    XIDMPRECORD_NO_IID = "ERR idempotent ID must be non-empty";
    XIDMPRECORD_NO_ENTRY = "ERR No such message in stream";
    XIDMPRECORD_OTHER_ENTRY = "ERR IID already exists for this producer with a different stream ID";
    IDMP_TWICE = "ERR syntax error, IDMP/IDMPAUTO specified multiple times";
    IDMPAUTO_NO_PRODUCER = "ERR syntax error, IDMPAUTO requires a non-empty producer ID";
    IDMP_NO_PRODUCER = "ERR syntax error, IDMP requires a non-empty producer ID";
    IDMP_NO_IID = "ERR syntax error, IDMP requires a non-empty idempotent ID";
    IDMP_NOT_AUTO = "ERR syntax error, IDMP/IDMPAUTO can be used only with auto-generated IDs";
    UNBALANCED_XREAD = "ERR Unbalanced 'xread' list of streams: for each stream key an ID, '+', or '$' must be specified.";
    UNBALANCED_XREADGROUP = "ERR Unbalanced 'xreadgroup' list of streams: for each stream key an ID or '>' must be specified.";
    MISSING_GROUP = "ERR Missing GROUP option for XREADGROUP";
    ID_ONLY_WITH_GROUP = "ERR The > ID can be specified only when calling XREADGROUP using the GROUP <group> <consumer> option.";
    MAXCOUNT_NOT_POSITIVE = "ERR MAXCOUNT must be a positive integer";
    MAXSIZE_NOT_POSITIVE = "ERR MAXSIZE must be a positive integer";
    MAXCOUNT_BELOW_COUNT = "ERR MAXCOUNT must be greater than or equal to COUNT";
    CLAIM_NOT_INTEGER = "ERR min-idle-time is not an integer or out of range";
    CLAIM_NEGATIVE = "ERR min-idle-time must be a positive integer";
    BUSYGROUP = "BUSYGROUP Consumer Group name already exists";
    XGROUP_NO_KEY = "ERR The XGROUP subcommand requires the key to exist. Note that for CREATE you may want to use the MKSTREAM option to create an empty stream automatically.";
    ENTRIESREAD_NEGATIVE = "ERR value for ENTRIESREAD must be positive or -1";
    XAUTOCLAIM_COUNT = "ERR COUNT must be > 0";
    XNACK_MODE = "ERR mode must be SILENT, FAIL, or FATAL";
    XNACK_NO_IDS = "ERR syntax error, expected IDS keyword";
    XNACK_NUMIDS = "ERR numids must be a positive integer";
    XNACK_NUMIDS_MISMATCH = "ERR number of IDs doesn't match numids";
    XNACK_RETRYCOUNT = "ERR Invalid RETRYCOUNT value, must be >= 0";
}

/// XREAD was given an option of XREADGROUP.
pub fn only_xreadgroup(option: &str) -> Refusal {
    owned(format!("ERR The {option} option is only supported by XREADGROUP. You called XREAD instead."))
}

/// XREADGROUP was given an id that means something to XREAD only.
pub fn meaningless_id(id: char) -> Refusal {
    owned(format!(
        "ERR The {id} ID is meaningless in the context of XREADGROUP: you want to read the history of this consumer \
         by specifying a proper ID, or use the > ID to get new messages. The {id} ID would just return an empty result \
         set."
    ))
}

/// There is no such key, or it has no such group.
pub fn no_group(key: &[u8], group: &[u8]) -> Refusal {
    owned(format!("NOGROUP No such key '{}' or consumer group '{}'", lossy(key), lossy(group)))
}

/// The same, as XREADGROUP says it.
pub fn no_group_to_read(key: &[u8], group: &[u8]) -> Refusal {
    let (key, group) = (lossy(key), lossy(group));
    owned(format!("NOGROUP No such key '{key}' or consumer group '{group}' in XREADGROUP with GROUP option"))
}

/// The stream has no such group, as XGROUP and XINFO say it.
pub fn no_such_group(key: &[u8], group: &[u8]) -> Refusal {
    owned(format!("NOGROUP No such consumer group '{}' for key name '{}'", lossy(group), lossy(key)))
}

/// A subcommand of XGROUP was given something that it does not know; `word` is the subcommand as it was typed.
pub fn xgroup_syntax(word: &[u8]) -> Refusal {
    super::unknown_or_arity("XGROUP", word)
}

/// A subcommand of XINFO was given something that it does not know; `word` is the subcommand as it was typed.
pub fn xinfo_syntax(word: &[u8]) -> Refusal {
    super::unknown_or_arity("XINFO", word)
}

/// `command` does not know this option.
pub fn unrecognized_option(command: &str, option: &[u8]) -> Refusal {
    owned(format!("ERR Unrecognized {command} option '{}'", lossy(option)))
}

/// The argument of an option of XCLAIM is not a number.
pub fn xclaim_argument(option: &str) -> Refusal {
    owned(format!("ERR Invalid {option} option argument for XCLAIM"))
}

/// The idle time that `command` asks for is not a number.
pub fn min_idle(command: &str) -> Refusal {
    owned(format!("ERR Invalid min-idle-time argument for {command}"))
}
