//! What can be wrong with the bytes of a request. Owns the exact texts, because clients and their tests match them.
//!
//! Must never know: what the connection does about it (it answers the line and closes).

use thiserror::Error;

/// A violation of the protocol; the connection cannot go on after it.
///
/// Its text has no error code. [`super::encode_protocol_error`] writes the whole line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ProtocolError {
    /// The count after `*` is no number or above the limit.
    #[error("Protocol error: invalid multibulk length")]
    InvalidMultibulkLength,
    /// More arguments than a client may send before it has authenticated.
    #[error("Protocol error: unauthenticated multibulk length")]
    UnauthenticatedMultibulkLength,
    /// The line of a `*` header does not end.
    #[error("Protocol error: too big mbulk count string")]
    MultibulkLineTooLong,
    /// The length after `$` is no number, negative or above the limit.
    #[error("Protocol error: invalid bulk length")]
    InvalidBulkLength,
    /// A longer argument than a client may send before it has authenticated.
    #[error("Protocol error: unauthenticated bulk length")]
    UnauthenticatedBulkLength,
    /// The line of a `$` header does not end.
    #[error("Protocol error: too big bulk count string")]
    BulkLineTooLong,
    /// Something else where an argument's `$` belongs. Displayed escaped; the wire gets the byte itself.
    #[error("Protocol error: expected '$', got '{}'", .0.escape_ascii())]
    ExpectedBulk(u8),
    /// The line of an inline command does not end.
    #[error("Protocol error: too big inline request")]
    InlineTooLong,
    /// A quote of an inline command is not closed, or something sticks to the closing one.
    #[error("Protocol error: unbalanced quotes in request")]
    UnbalancedQuotes,
    /// All arguments of one call together are above the limit. (A redis-server hangs up without a word.)
    #[error("Protocol error: request exceeds the query buffer limit")]
    RequestTooLarge,
}
