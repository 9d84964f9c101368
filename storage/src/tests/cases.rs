//! Bugs that were found, each with the shortest life that shows it.
