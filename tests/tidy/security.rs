//! `docs/security-tests.md`: every test that it names is there. A row without a test says why.

use crate::evidence::{complaint, places};
use crate::{none, tree};
use std::path::Path;

const PAGE: &str = "docs/security-tests.md";
/// Words with which a row says that there is no test.
const REASONS: &[&str] = &["not offered:", "by the language:", "not done:"];

/// The rows of all tables, without their heads.
fn rows() -> Vec<(usize, String)> {
    let page = tree::text(Path::new(PAGE)).expect("the page");
    let lines: Vec<String> = page.lines().map(str::to_owned).collect();
    let is_rule = |line: Option<&String>| line.is_some_and(|line| line.starts_with("|---"));
    let row = |i: usize| lines[i].starts_with('|') && !is_rule(lines.get(i)) && !is_rule(lines.get(i + 1));
    (0..lines.len()).filter(|i| row(*i)).map(|i| (i + 1, lines[i].clone())).collect()
}

#[test]
fn every_known_attack_has_its_test() {
    let rows = rows();
    assert!(rows.len() > 60, "{} rows", rows.len());
    let mut complaints = Vec::new();
    for (line, row) in rows {
        let places: Vec<&str> = places(&row).collect();
        if places.is_empty() && !REASONS.iter().any(|reason| row.contains(reason)) {
            complaints.push(format!("{PAGE}:{line}: neither a test nor a reason ({})", REASONS.join(", ")));
        }
        complaints
            .extend(places.iter().filter_map(|place| complaint(place)).map(|why| format!("{PAGE}:{line}: {why}")));
    }
    none("a known attack without its test", &complaints);
}
