//! DEBUG PROTOCOL: one reply of each type, so that a client can test its parser.

use crate::command::error::{self, Refusal};
use crate::reply::Reply;

pub(super) fn run(kind: &[u8]) -> Result<Reply, Refusal> {
    let numbers = || (0..3).map(Reply::Integer);
    Ok(match kind.to_ascii_lowercase().as_slice() {
        b"string" => Reply::text("Hello World"),
        b"integer" => Reply::Integer(12345),
        b"double" => Reply::Double(3141.0 / 1000.0),
        b"bignum" => Reply::BigNumber("1234567999999999999999999999999999999".into()),
        b"null" => Reply::Null,
        b"array" => Reply::Array(numbers().collect()),
        b"set" => Reply::Set(numbers().collect()),
        b"map" => Reply::Map((0..3).map(|n| (Reply::Integer(n), Reply::Boolean(n == 1))).collect()),
        // The attribute itself is left out: nothing else here has one, and clients skip it.
        b"attrib" => Reply::text("Some real reply following the attribute"),
        b"push" => Reply::Push(vec![Reply::text("server-cpu-usage"), Reply::Integer(42)]),
        b"verbatim" => Reply::Verbatim("txt".into(), "This is a verbatim\nstring".into()),
        b"true" => Reply::Boolean(true),
        b"false" => Reply::Boolean(false),
        _ => return Err(error::server::DEBUG_PROTOCOL),
    })
}
