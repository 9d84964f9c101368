//! `brooklet bench`: a load generator for any server that speaks the Redis protocol.
//!
//! Owns everything between the command line and the printed figures, and knows nothing of the broker beside it: it is
//! a client, so that what it says of us is what it would say of others. Read next: `run` (one run from set-up to
//! figures), `connection` (closed and open loops), `workload` (what is said).

#![allow(clippy::disallowed_methods, reason = "the load generator is a client with a clock and threads of its own")]

mod admin;
mod cli;
mod clock;
mod compare;
mod connection;
mod entries;
mod figures;
mod generator;
mod interrupt;
mod json;
mod load;
mod payload;
mod process;
mod replies;
mod report;
mod request;
mod run;
mod schedule;
mod table;
mod tally;
#[cfg(test)]
mod tests;
mod verdict;
mod workload;

use clap::Parser;
use cli::{Cli, Mode};
use compare::Series;
use figures::Figures;
use interrupt::Interrupt;
use load::{Load, Target};
use std::ffi::OsString;
use std::io::{self, Write};
use std::process::ExitCode;
use table::Row;
use verdict::Verdict;

/// Runs `brooklet bench` with the arguments after `bench`; figures go to standard output, complaints to standard error.
///
/// Succeeds only when no reply was an error, no connection was lost and no due cycle went unanswered.
pub fn run(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    run_to(args, &mut io::stdout(), &mut io::stderr())
}

/// As [`run`], writing to `out` and `err`.
pub fn run_to(args: impl IntoIterator<Item = OsString>, out: &mut dyn Write, err: &mut dyn Write) -> ExitCode {
    let cli = match Cli::try_parse_from(args) {
        Ok(cli) => cli,
        Err(e) => {
            // Where this fails nobody is left to complain to.
            let _ = if e.use_stderr() { write!(err, "{}", e.render()) } else { write!(out, "{}", e.render()) };
            return u8::try_from(e.exit_code()).map_or(ExitCode::FAILURE, ExitCode::from);
        }
    };
    let done = match &cli.compare {
        Some(Mode::Compare(c)) => Bench::new(out, c.plan.json).and_then(|b| b.compare(&c.plan.rows(), c)),
        None => single(&cli.single, out),
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(e) => {
            let _ = writeln!(err, "brooklet bench: {e}");
            ExitCode::FAILURE
        }
    }
}

fn single(single: &cli::Single, out: &mut dyn Write) -> io::Result<bool> {
    let target = Target::new(&single.address, &single.address, single.pid);
    let target = target.map_err(|e| io::Error::new(io::ErrorKind::InvalidInput, e))?;
    Bench::new(out, single.plan.json)?.single(&single.plan.rows(), &target)
}

/// The runs of one command line.
struct Bench<'a> {
    out: &'a mut dyn Write,
    json: bool,
    interrupt: Interrupt,
}

impl<'a> Bench<'a> {
    fn new(out: &'a mut dyn Write, json: bool) -> io::Result<Self> {
        Ok(Bench { out, json, interrupt: interrupt::listen()? })
    }

    fn interrupted(&self) -> bool {
        *self.interrupt.borrow()
    }

    /// Runs the list against one server. True when all went well.
    fn single(mut self, rows: &[Row], target: &Target) -> io::Result<bool> {
        let mut well = true;
        for Row { load, .. } in rows {
            let figures = run::run(target, load, &self.interrupt)?;
            well &= went_well(&figures);
            if self.json {
                self.line(target, load, &figures)?;
            } else {
                report::human(self.out, target, load, &figures)?;
            }
            if self.interrupted() {
                break;
            }
        }
        Ok(well)
    }

    /// Runs the list against several servers, one workload after the other. True when all went well; a bar that is
    /// missed is shown, and is no failure of the run.
    fn compare(mut self, rows: &[Row], compare: &cli::Compare) -> io::Result<bool> {
        let (mut well, mut verdicts) = (true, Vec::new());
        for Row { load, bar } in rows {
            let mut series: Vec<Series<'_>> =
                compare.targets.iter().map(|target| Series { target, rounds: vec![] }).collect();
            let stopped = self.rounds(load, compare.rounds as usize, &mut series);
            well &= series.iter().all(|one| one.rounds.iter().all(went_well));
            // What was measured is shown even when a round failed.
            if self.json {
                compare::json(self.out, load, &series)?;
            } else {
                compare::human(self.out, load, &series)?;
            }
            verdicts.extend(Verdict::of_all(load, *bar, &series));
            self.out.flush()?;
            stopped?;
            if self.interrupted() {
                break;
            }
        }
        if verdicts.len() > 1 && !self.json {
            verdict::table(self.out, &verdicts)?;
        }
        Ok(well)
    }

    fn rounds(&mut self, load: &Load, rounds: usize, series: &mut [Series<'_>]) -> io::Result<()> {
        for round in 0..rounds {
            for i in compare::order(round, series.len()) {
                let target = series[i].target;
                let figures = run::run(target, load, &self.interrupt)?;
                if self.json {
                    self.line(target, load, &figures)?;
                } else if let Some(error) = &figures.first_error {
                    writeln!(self.out, "  {}: {} errors, first: {error}", target.name, figures.errors)?;
                }
                series[i].rounds.push(figures);
                if self.interrupted() {
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    fn line(&mut self, target: &Target, load: &Load, figures: &Figures) -> io::Result<()> {
        writeln!(self.out, "{}", report::json(target, load, figures).finish())?;
        self.out.flush()
    }
}

fn went_well(figures: &Figures) -> bool {
    figures.errors == 0 && figures.unfinished == 0
}
