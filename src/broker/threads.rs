//! Threads with names, and what happens when one panics: the process cannot vouch for its state and must end.

use std::sync::Arc;
use std::thread::JoinHandle;

/// Starts a thread that belongs to the broker. If it panics, `failed` is told what it was.
pub fn start(
    name: &'static str,
    failed: Arc<dyn Fn(String) + Send + Sync>,
    body: impl FnOnce() + Send + 'static,
) -> Option<JoinHandle<()>> {
    let report = Arc::clone(&failed);
    let run = move || {
        if std::panic::catch_unwind(std::panic::AssertUnwindSafe(body)).is_err() {
            report(format!("the {name} thread panicked"));
        }
    };
    match std::thread::Builder::new().name(name.to_owned()).spawn(run) {
        Ok(handle) => Some(handle),
        Err(error) => {
            failed(format!("cannot start the {name} thread: {error}"));
            None
        }
    }
}
