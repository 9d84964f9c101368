//! What it takes to have it, and nothing to do.

use super::megabytes;
use crate::disk;
use crate::subject::{Lab, Subject};
use crate::table::{Line, Unit};
use std::io::Result;

/// Starts of which the median is told.
const STARTS: usize = 5;

pub fn measure(lab: &mut Lab) -> Result<Vec<Line>> {
    let mut took = Vec::new();
    for _ in 0..STARTS {
        // A folder that never was used: only the time until the first answer counts.
        let mut subject = Subject::start(lab, &[])?;
        subject.kill()?;
        subject.empty()?;
        took.push(subject.restart(&["DBSIZE"], 0)?);
    }
    took.sort_by(f64::total_cmp);
    let subject = Subject::start(lab, &[])?;
    let resident = subject.calm()?.resident;
    let program = lab.programs.target.program();
    let (size, is_stripped) = disk::stripped(program, &lab.room)?;
    let binary = Line::bar("the program's file, stripped", Unit::Megabytes, 25.0, megabytes(size));
    Ok(vec![
        Line::bar("resident memory, idle", Unit::Megabytes, 25.0, megabytes(resident)),
        if is_stripped { binary } else { binary.note("as it is: there is no `strip`") },
        Line::bar("start with an empty folder", Unit::Seconds, 0.1, took[STARTS / 2]).note("median of 5"),
    ])
}
