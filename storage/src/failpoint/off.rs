//! Failpoints in a program that has none. Must never do anything.

use super::Point;
use crate::error::Result;

/// Nothing is armed.
#[derive(Debug)]
pub struct Armed;

/// Does nothing.
#[inline]
pub fn arm() -> Armed {
    Armed
}

/// Calls `edge`.
///
/// # Errors
/// Its own.
#[inline]
pub fn io<T>(_: Point, edge: impl FnOnce() -> std::io::Result<T>) -> std::io::Result<T> {
    edge()
}

/// Calls `edge`.
///
/// # Errors
/// Its own.
#[inline]
pub fn sync(_: Point, edge: impl FnOnce() -> std::io::Result<()>) -> std::io::Result<()> {
    edge()
}

/// Nothing.
///
/// # Errors
/// None.
#[inline]
pub fn at(_: Point) -> Result<()> {
    Ok(())
}

/// Nothing.
#[inline]
pub fn pass(_: Point) {}
