//! Where a value came from.
//!
//! Must never know: options. Read next: `startup.rs`.

use super::setting::{Profile, Setting};
use std::fmt;
use std::path::PathBuf;

/// Where a value came from, weakest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Nobody set it.
    Default,
    /// The profile has another default.
    Profile(Profile),
    /// A line of a file; the path `-` is standard input.
    File {
        /// The file.
        path: PathBuf,
        /// The line, from 1. 0 is the file as a whole.
        line: usize,
    },
    /// An environment variable.
    Environment(String),
    /// The command line: the flag, or the word where a flag was expected.
    Flag(String),
    /// CONFIG SET.
    Runtime,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origin::Default => f.write_str("default"),
            Origin::Profile(profile) => write!(f, "profile {}", profile.show()),
            Origin::File { path, line } => {
                if path.as_os_str() == "-" {
                    f.write_str("standard input")?;
                } else {
                    write!(f, "{}", path.display())?;
                }
                if *line == 0 { Ok(()) } else { write!(f, ":{line}") }
            }
            Origin::Environment(name) => write!(f, "environment {name}"),
            Origin::Flag(flag) => write!(f, "command line {flag}"),
            Origin::Runtime => f.write_str("CONFIG SET"),
        }
    }
}
