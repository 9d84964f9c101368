//! The rows by name. Each measures one side (a [`Lab`]) and gives its lines.

mod cost;
mod idle;
mod journal;
mod long;
mod many;
mod pending;
mod trim;

pub use long::Long;

use crate::say;
use crate::subject::Lab;
use crate::table::Line;
use std::io::{Error, Result};

type Measure = fn(&mut Lab) -> Result<Vec<Line>>;

/// A row's name and what measures it.
pub type Row = (&'static str, Measure);

/// In this order: those that share the long stream follow each other, and the last of them ends it.
const ROWS: [Row; 11] = [
    ("idle", idle::measure),
    ("memory", long::memory),
    ("written", long::written),
    ("disk", long::disk),
    ("cost", cost::measure),
    ("start", long::start),
    ("scan", long::scan),
    ("pending", pending::measure),
    ("journal", journal::measure),
    ("trim", trim::measure),
    ("many", many::measure),
];

/// Those with the given names; all, if none is given.
pub fn chosen(names: &[String]) -> Result<Vec<Row>> {
    if let Some(strange) = names.iter().find(|name| ROWS.iter().all(|(row, _)| row != name)) {
        let known: Vec<&str> = ROWS.iter().map(|(row, _)| *row).collect();
        return Err(Error::other(format!("there is no row {strange}, but {}", known.join(", "))));
    }
    let is_wanted = |name: &str| names.is_empty() || names.iter().any(|n| n == name);
    Ok(ROWS.into_iter().filter(|(name, _)| is_wanted(name)).collect())
}

/// Measures one row after the other. One that fails does not keep the others from being measured.
pub fn measure(rows: &[Row], lab: &mut Lab) -> Vec<Line> {
    let side = if lab.is_ours() { "brooklet" } else { "redis-server" };
    let mut lines = Vec::new();
    for (n, (name, measure)) in rows.iter().enumerate() {
        say(&format!("{side}: {name} ({} of {})", n + 1, rows.len()));
        let found = measure(lab).unwrap_or_else(|why| vec![Line::failed(name, why.to_string())]);
        found.iter().for_each(|line| say(&line.sentence()));
        lines.extend(found);
        if rows[n + 1..].iter().all(|(later, _)| !long::shares(later)) {
            lab.long = None;
        }
    }
    lines
}

/// `10 million`, `250000`: as a reader says it.
fn spoken(count: u64) -> String {
    match count {
        n if n >= 1_000_000 && n % 1_000_000 == 0 => format!("{} million", n / 1_000_000),
        n => n.to_string(),
    }
}

/// Millions of bytes.
fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_by_name() {
        assert_eq!(chosen(&[]).unwrap().len(), ROWS.len());
        let some = chosen(&["trim".to_owned(), "idle".to_owned()]).unwrap();
        assert_eq!(some.iter().map(|(name, _)| *name).collect::<Vec<_>>(), ["idle", "trim"]);
        assert!(chosen(&["nothing".to_owned()]).is_err());
    }
}
