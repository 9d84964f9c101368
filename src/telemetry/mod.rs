//! What the process says about itself.

pub mod info;
pub mod log;
pub mod memory;
pub mod overhead;
mod sample;
pub mod scripts;
pub mod version;

pub use sample::Sample;
