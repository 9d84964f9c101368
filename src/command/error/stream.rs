//! Error texts of stream verbs.

use super::texts;

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
}
