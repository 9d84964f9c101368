//! Reads the tree (being written).
