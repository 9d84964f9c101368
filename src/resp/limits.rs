//! How large a request may be. Owns the numbers; `scan.rs` applies them.
//!
//! Must never know: where the numbers come from (configuration, authentication) or when they change.

/// Most arguments of a call before the client has authenticated.
pub(super) const UNAUTHENTICATED_ARGS: usize = 10;
/// Longest argument before the client has authenticated, in bytes.
pub(super) const UNAUTHENTICATED_BULK: usize = 4 * 1024;
/// No request may be longer, whatever is configured: spans are 32-bit offsets into a burst.
pub(super) const REQUEST_CEILING: usize = 2 << 30;

/// Limits of one connection. They may change between bursts (after AUTH, after CONFIG SET); a header that was
/// accepted stays accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Longest argument in bytes (`proto-max-bulk-len`).
    pub max_bulk: usize,
    /// Most arguments of one call, the verb included.
    pub max_args: usize,
    /// Longest request in bytes, all headers and arguments together; at most 2 GiB count.
    pub max_request: usize,
    /// Longest line (an inline command, or a length header) in bytes before its line end.
    pub inline_max: usize,
    /// Whether the client has passed authentication; until then 10 arguments of 4 KiB are the most, and a burst
    /// holds one command, because that command may lift the limit for the next.
    pub authenticated: bool,
}

impl Default for Limits {
    /// The limits for a client that still has to authenticate.
    fn default() -> Limits {
        Limits {
            max_bulk: 512 << 20,
            max_args: i32::MAX as usize,
            max_request: 1 << 30,
            inline_max: 64 * 1024,
            authenticated: false,
        }
    }
}

impl Limits {
    /// The same limits for a client that has authenticated, or never has to.
    pub fn trusted(self) -> Limits {
        Limits { authenticated: true, ..self }
    }

    /// Longest request that is really allowed.
    pub(super) fn request(&self) -> usize {
        self.max_request.min(REQUEST_CEILING)
    }
}
