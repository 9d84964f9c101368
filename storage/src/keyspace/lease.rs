//! What a lease knows beside its holder, its deadline and its token. Most keys with a token know nothing more and have none
//! of these. Must never know: connections, who waits.

use crate::codec::{Put, Reader};
use crate::error::Result;

/// What stands beside a key that was taken as a lease. Such a key is never dropped from memory.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lease {
    /// It belongs to a connection, and ends this many milliseconds after that.
    pub grace_ms: Option<u64>,
    /// What its holder wants others to know.
    pub meta: Box<[u8]>,
}

impl Lease {
    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        out.put_option(self.grace_ms);
        out.put_bytes(&self.meta);
    }

    pub(crate) fn decode(r: &mut Reader<'_>) -> Result<Lease> {
        Ok(Lease { grace_ms: r.option()?, meta: r.bytes()?.into() })
    }
}

/// A lease in its database.
#[derive(Clone, Debug)]
pub(crate) struct Placed {
    pub lease: Lease,
    pub slot: u32,
}
