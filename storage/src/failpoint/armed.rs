//! Failpoints in a program that has them: looking up what was told, marking that it happened, doing it.
//!
//! The only place that names the crate `fail`.

use super::{Deed, Point};
use crate::error::{Result, StorageError};
use std::fs::File;
use std::io::Write;
use std::time::Duration;

/// What a delay is.
const DELAY: Duration = Duration::from_millis(200);

/// Points do what `FAILPOINTS` says as long as this lives.
pub struct Armed {
    _scenario: fail::FailScenario<'static>,
}

/// Takes up what `FAILPOINTS` says.
///
/// # Panics
/// It names a point that does not exist, or cannot be read.
pub fn arm() -> Armed {
    let told = std::env::var("FAILPOINTS").unwrap_or_default();
    for (name, _) in told.split(';').filter_map(|one| one.split_once('=')) {
        assert!(Point::ALL.iter().any(|point| point.name() == name.trim()), "FAILPOINTS: there is no point {name}");
    }
    Armed { _scenario: fail::FailScenario::setup() }
}

/// An edge of the disk: fails instead of calling `edge` if told so.
///
/// # Errors
/// What was told, and those of `edge`.
pub fn io<T>(point: Point, edge: impl FnOnce() -> std::io::Result<T>) -> std::io::Result<T> {
    act(point)?;
    edge()
}

/// An edge that makes something durable: may also be left out without a word.
///
/// # Errors
/// What was told, and those of `edge`.
pub fn sync(point: Point, edge: impl FnOnce() -> std::io::Result<()>) -> std::io::Result<()> {
    if act(point)? == Some(Deed::Skip) { Ok(()) } else { edge() }
}

/// Before an edge whose errors are ours already.
///
/// # Errors
/// What was told.
pub fn at(point: Point) -> Result<()> {
    act(point).map(drop).map_err(StorageError::io("reach", point.name()))
}

/// A step that cannot fail.
pub fn pass(point: Point) {
    let done = act(point);
    assert!(done.is_ok(), "FAILPOINTS: {} cannot fail", point.name());
}

/// Does what was told; what is left to the caller.
fn act(point: Point) -> std::io::Result<Option<Deed>> {
    let Some(word) = told(point) else { return Ok(None) };
    let Some(deed) = Deed::named(&word) else { panic!("FAILPOINTS: {}: there is no word {word}", point.name()) };
    mark(point);
    match deed {
        Deed::Kill => kill(),
        Deed::Panic => panic!("failpoint {}", point.name()),
        Deed::Eio => return Err(rustix::io::Errno::IO.into()),
        Deed::Enospc => return Err(rustix::io::Errno::NOSPC.into()),
        Deed::Delay => std::thread::sleep(DELAY),
        Deed::Skip => {}
    }
    Ok(Some(deed))
}

/// What `FAILPOINTS` says of a point this time.
fn told(point: Point) -> Option<String> {
    fail::fail_point!(point.name(), Option::<String>::into);
    None
}

/// Before it happens, as there may be no afterwards. Outside of the data, so that no test of that is disturbed.
fn mark(point: Point) {
    let Some(path) = std::env::var_os("FAILPOINT_MARKS") else { return };
    let marked = File::options().create(true).append(true).open(path);
    let marked = marked.and_then(|mut file| file.write_all(format!("{}\n", point.name()).as_bytes()));
    if let Err(why) = marked {
        panic!("FAILPOINT_MARKS: {why}");
    }
}

/// As kill -9 does: nothing is unwound, nothing is written.
fn kill() -> ! {
    let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
    std::process::abort()
}
