//! How effects on strings, and on the locks that some strings are, are written.

use super::{Effect, put_nums};
use crate::codec::Put;

impl Effect<'_> {
    pub(super) fn encode_string(&self, out: &mut Vec<u8>) {
        match self {
            Effect::SetString { uid, deadline_ms, value, token } => {
                put_nums(out, if *token { 13 } else { 7 }, &[*uid]);
                out.put_option(*deadline_ms);
                out.put_bytes(value);
            }
            Effect::Lease { grace_ms, meta } => {
                out.push(12);
                out.put_option(*grace_ms);
                out.put_bytes(meta);
            }
            Effect::PatchString { offset, bytes } => {
                put_nums(out, 8, &[*offset]);
                out.put_bytes(bytes);
            }
            _ => debug_assert!(false, "encode() handles every other effect"),
        }
    }
}
