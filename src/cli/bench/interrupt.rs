//! Ctrl-C: the first ends the run and what was measured is printed, the second ends the process.

use std::io;
use tokio::sync::watch;

/// Exit code of a process that a second Ctrl-C ended.
const KILLED: i32 = 130;

/// Becomes true at the first Ctrl-C.
pub(super) type Interrupt = watch::Receiver<bool>;

/// Listens from now on, on a thread of its own: the caller blocks in set-up and in joins.
pub(super) fn listen() -> io::Result<Interrupt> {
    let (sender, receiver) = watch::channel(false);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    std::thread::spawn(move || {
        runtime.block_on(async {
            if tokio::signal::ctrl_c().await.is_ok() {
                sender.send_replace(true);
                if tokio::signal::ctrl_c().await.is_ok() {
                    std::process::exit(KILLED);
                }
            }
            // Keeps the channel open where signals cannot be heard.
            std::future::pending::<()>().await;
        });
    });
    Ok(receiver)
}
