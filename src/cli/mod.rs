//! The command line: what the program was asked for, and doing it.

#[cfg(feature = "rocksdb")]
mod backup;
pub mod bench;
mod check;
mod descriptors;
mod doctor;
mod doors;
#[cfg(feature = "rocksdb")]
mod progress;
mod serve;
mod users;

use crate::config::{self, Invocation};
use std::ffi::OsString;
use std::io::Write;
use std::process::ExitCode;

/// Exit code of a call that could not be understood.
const USAGE: u8 = 2;

/// Runs the program.
pub fn main(args: impl IntoIterator<Item = OsString>, env: impl IntoIterator<Item = (OsString, OsString)>) -> ExitCode {
    match config::invocation(args, env, &mut std::io::stdin()) {
        Ok(Invocation::Serve(startup)) => serve::serve(*startup),
        Ok(Invocation::CheckConfig(startup)) => {
            startup.warnings.iter().for_each(|w| complain(w));
            match users::configured(&startup.config, &startup.users) {
                Ok(_) => print("configuration is valid"),
                Err(why) => {
                    complain(&why);
                    ExitCode::from(USAGE)
                }
            }
        }
        Ok(Invocation::Version) => print(&config::version()),
        Ok(Invocation::Help) => print(config::help().trim_end()),
        Ok(Invocation::Check(args)) => check::run(&args),
        Ok(Invocation::Bench(args)) => bench::run(args.into_iter().map(OsString::from)),
        Ok(Invocation::Doctor(startup)) => doctor::run(&startup),
        Ok(Invocation::Backup(args)) => back_up(args),
        Err(error) => {
            complain(&error.to_string());
            ExitCode::from(USAGE)
        }
    }
}

#[cfg(feature = "rocksdb")]
fn back_up(args: Vec<String>) -> ExitCode {
    backup::run(args.into_iter().map(OsString::from))
}

#[cfg(not(feature = "rocksdb"))]
fn back_up(_: Vec<String>) -> ExitCode {
    complain("this build keeps nothing on disk");
    ExitCode::from(USAGE)
}

fn print(text: &str) -> ExitCode {
    match writeln!(std::io::stdout().lock(), "{text}") {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

/// Says what went wrong, where an operator looks.
fn complain(text: &str) {
    let _ = writeln!(std::io::stderr().lock(), "brooklet: {text}");
}
