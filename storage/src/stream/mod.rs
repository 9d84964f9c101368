//! Streams: logs of chunks with consumer groups.

pub mod fields;
