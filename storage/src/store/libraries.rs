//! Libraries of functions: bytes that belong to no key and to no database. What they mean is not known here.

use super::Store;
use crate::batch::Effect;
use bytes::Bytes;

/// The libraries, and whether their record holds them.
#[derive(Debug, Default)]
pub(crate) struct Libraries {
    pub(crate) bytes: Bytes,
    pub(crate) dirty: bool,
}

impl Store {
    /// The libraries; empty if there are none.
    pub fn libraries(&self) -> &Bytes {
        &self.libraries.bytes
    }

    /// Replaces all libraries.
    pub fn set_libraries(&mut self, bytes: Bytes) {
        self.record(&Effect::Libraries { bytes: &bytes });
        self.apply_libraries(bytes);
    }

    pub(super) fn apply_libraries(&mut self, bytes: Bytes) {
        self.libraries = Libraries { bytes, dirty: !self.volatile };
    }
}
