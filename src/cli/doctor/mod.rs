//! `brooklet doctor`: looks at the machine and the data folder as a start with the same options would meet them, and says
//! for each thing that is not as it should be what follows from it and what helps. Changes nothing; a server may run meanwhile.
//!
//! Reading order: [`finding`] (what is said), [`folder`], [`system`] (what is looked at).

mod finding;
mod folder;
mod system;

use crate::config::{Startup, version};
use finding::{Finding, Weight};
use std::process::ExitCode;

/// Exit code if something will not work.
const BAD: u8 = 1;

/// Looks at everything and prints a report.
pub fn run(startup: &Startup) -> ExitCode {
    let config = &startup.config;
    let mut findings = vec![Finding::well("version", version())];
    findings.extend(startup.warnings.iter().map(|warning| {
        Finding::doubtful(
            "configuration",
            warning.clone(),
            "the option has no effect, or another one than in Redis",
            "see docs/configuration.md",
        )
    }));
    if config.is_volatile() {
        findings.push(Finding::well("folder", "none: everything is kept in memory and ends with the process"));
    } else {
        findings.extend(folder::look(config));
    }
    findings.extend(system::look(config));
    for finding in &findings {
        super::print(&finding.to_string());
    }
    let count = |weight| findings.iter().filter(|finding| finding.weight == weight).count();
    let (bad, doubtful) = (count(Weight::Bad), count(Weight::Doubtful));
    super::print(&format!("{} looked at, {doubtful} doubtful, {bad} bad", findings.len()));
    if bad > 0 { ExitCode::from(BAD) } else { ExitCode::SUCCESS }
}
