//! Reads the tree and says where it breaks the project's own rules: shape, layers, leaks, one feature set, documents.
//!
//! It links nothing of ours. Each kind of rule is a file; `tree.rs` lists the tree, `source.rs` tells code from comments
//! and texts. `BLESS=1` rewrites the document that is made from the tree.

mod compatibility;
mod evidence;
mod features;
mod layers;
mod leaks;
mod packages;
mod security;
mod shape;
mod source;
mod tree;

/// Fails with all complaints at once.
fn none(rule: &str, complaints: &[String]) {
    assert!(complaints.is_empty(), "{rule}:\n  {}", complaints.join("\n  "));
}
