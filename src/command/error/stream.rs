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
    IDMP_TWICE = "ERR syntax error, IDMP/IDMPAUTO specified multiple times";
    IDMPAUTO_NO_PRODUCER = "ERR syntax error, IDMPAUTO requires a non-empty producer ID";
    IDMP_NO_PRODUCER = "ERR syntax error, IDMP requires a non-empty producer ID";
    IDMP_NO_IID = "ERR syntax error, IDMP requires a non-empty idempotent ID";
    IDMP_NOT_AUTO = "ERR syntax error, IDMP/IDMPAUTO can be used only with auto-generated IDs";
}
