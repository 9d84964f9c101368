//! The log against a plain ordered map, whatever is appended, deleted, trimmed, settled and dropped from memory.

mod cases;
mod early;
mod model;
mod random;
