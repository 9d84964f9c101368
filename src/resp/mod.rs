//! The wire. The only place that knows RESP2 from RESP3: requests in ([`Decoder`]), replies out ([`encode`]).
//!
//! Requests are scanned by hand: `*N $len ...` is the hot form, clients also type inline commands, and both need
//! limits, exact error texts and a state that survives a half-arrived frame. What was announced is never believed:
//! memory follows the bytes that arrived, and work is linear in them, however they are cut into reads.
//!
//! ```text
//! socket -> Decoder::buffer_mut -> Decoder::decode -> Burst -> Args per command
//!                                                       '---> Decoder::recycle
//! Reply -> encode, or Sliced if it is long -> Vec<u8> -> socket
//! ```
//!
//! Where the protocol is only written down loosely, a real redis-server (8.0) was asked; it does not look at the byte
//! after a carriage return nor at the two bytes after a bulk, and neither do we. One wanted difference: it stops
//! looking for a line's end at a NUL byte and so waits for ever; here NUL is a byte like any other.
//!
//! Must never know: verbs, sessions, sockets, storage. Read next: `decode.rs`, then `scan.rs`, then `encode.rs`.

mod burst;
mod decode;
pub(crate) mod double;
mod encode;
mod error;
mod inline;
mod limits;
mod scan;
mod sliced;
mod spare;

#[cfg(test)]
mod properties;

pub use burst::Burst;
pub use decode::Decoder;
pub use encode::{Protocol, encode, encode_protocol_error};
pub use error::ProtocolError;
#[cfg(feature = "scripting")]
pub(crate) use inline::words;
pub use limits::Limits;
pub use sliced::{SLICE_BYTES, Sliced};
