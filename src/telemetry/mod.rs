//! What the process says about itself.

pub mod info;
pub mod log;
pub mod memory;
mod sample;
pub mod version;

pub use sample::Sample;
