//! The program: flags, configuration, open, serve, exit code.

use brooklet::cli;
use std::process::ExitCode;

#[cfg(all(feature = "jemalloc", target_os = "linux", target_env = "gnu"))]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    // Nothing, unless built with the feature `failpoints`.
    let _armed = brooklet_storage::failpoint::arm();
    cli::main(std::env::args_os().skip(1), std::env::vars_os())
}
