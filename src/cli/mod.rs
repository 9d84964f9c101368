//! What the binary does besides serving: tools that are clients of a server. Each takes its own arguments.

pub mod bench;
