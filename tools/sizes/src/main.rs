//! `./x bench sizes`: how much memory, disk, journal and time a given `brooklet` takes, as one table with the bars it has
//! to keep. It talks to the program as any stranger would (a process, a socket, `/proc`) and never links the broker.
//!
//! Reading order: [`table`] (what a row says), [`subject`] (a server under measurement), [`rows`] (what is measured).

#![allow(clippy::disallowed_methods)]

mod disk;
mod process;
mod rows;
mod subject;
mod table;
mod wire;

use brooklet_testkit::Target;
use brooklet_testkit::server::Dialect;
use clap::Parser;
use std::io::{Error, Result, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use subject::{Lab, Programs};

/// Measures sizes and prints them as a Markdown table. Ends with code 1 if a bar is missed or a row fails.
#[derive(Parser)]
#[command(name = "brooklet-sizes")]
struct Options {
    /// The brooklet that is measured; it is also the load generator
    #[arg(long)]
    program: PathBuf,
    /// Measure redis-server too (the one of BROOKLET_REFERENCE, or where ./x reference puts it)
    #[arg(long)]
    reference: bool,
    /// Where folders of data are made; they are removed at the end [default: where temporary files are]
    #[arg(long)]
    folder: Option<PathBuf>,
    /// Entries of the long stream; the bars are made for the default
    #[arg(long, default_value_t = 10_000_000, value_parser = clap::value_parser!(u64).range(100_000..))]
    entries: u64,
    /// Ten times as many for the row `cost`: about 10 GB of disk, many minutes
    #[arg(long)]
    big: bool,
    /// Only these
    rows: Vec<String>,
}

fn main() -> ExitCode {
    match run(&Options::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(why) => {
            say(&why.to_string());
            ExitCode::from(2)
        }
    }
}

fn run(options: &Options) -> Result<bool> {
    let chosen = rows::chosen(&options.rows)?;
    let folder = options.folder.clone().unwrap_or_else(std::env::temp_dir);
    let room = tempfile::Builder::new().prefix("sizes.").tempdir_in(folder)?;
    let ours = Target::new(absolute(&options.program)?, Dialect::Brooklet);
    let mut targets = vec![ours.clone()];
    if options.reference {
        targets.push(Target::reference().map_err(Error::other)?);
    }
    let mut sides = Vec::new();
    for target in targets {
        let programs = Programs { target, generator: ours.program().to_path_buf() };
        let mut lab = Lab::new(programs, room.path(), options.entries, options.big);
        sides.push(rows::measure(&chosen, &mut lab));
    }
    let mut sides = sides.into_iter();
    let lines = sides.next().unwrap_or_default();
    let reference = sides.next();
    std::io::stdout().write_all(table::markdown(&lines, reference.as_deref()).as_bytes())?;
    Ok(lines.iter().all(table::Line::is_kept))
}

/// The servers run in folders of their own.
fn absolute(program: &Path) -> Result<PathBuf> {
    program.canonicalize().map_err(|e| Error::other(format!("{}: {e}", program.display())))
}

/// A line for whoever waits.
fn say(text: &str) {
    // Nobody to tell when that fails.
    let _ = writeln!(std::io::stderr(), "sizes: {text}");
}
