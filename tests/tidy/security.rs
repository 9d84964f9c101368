//! `docs/security-tests.md`: every test that it names is there. A row without a test says why.

use crate::{none, tree};
use std::path::Path;

const PAGE: &str = "docs/security-tests.md";
/// Where tests stand.
const FOLDERS: &[&str] = &["tests/", "src/", "storage/", "fuzz/"];
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

/// What a row names in backticks that is a place in the tree: a file, or `file::test`.
fn places(row: &str) -> Vec<&str> {
    row.split('`').skip(1).step_by(2).filter(|word| FOLDERS.iter().any(|folder| word.starts_with(folder))).collect()
}

/// What is wrong with a place.
fn complaint(place: &str) -> Option<String> {
    let (file, test) = place.split_once("::").map_or((place, None), |(file, test)| (file, Some(test)));
    let Some(text) = tree::text(Path::new(file)) else { return Some(format!("{file} is not in the tree")) };
    let test = test?;
    // A transcript's cases are its headings; a test is a function.
    let there = match file.ends_with(".txt") {
        true => text.lines().any(|line| line.strip_prefix("# ") == Some(test)),
        false => text.contains(&format!("fn {test}(")),
    };
    (!there).then(|| format!("{file} has no test `{test}`"))
}

#[test]
fn every_known_attack_has_its_test() {
    let rows = rows();
    assert!(rows.len() > 60, "{} rows", rows.len());
    let mut complaints = Vec::new();
    for (line, row) in rows {
        let places = places(&row);
        if places.is_empty() && !REASONS.iter().any(|reason| row.contains(reason)) {
            complaints.push(format!("{PAGE}:{line}: neither a test nor a reason ({})", REASONS.join(", ")));
        }
        complaints
            .extend(places.iter().filter_map(|place| complaint(place)).map(|why| format!("{PAGE}:{line}: {why}")));
    }
    none("a known attack without its test", &complaints);
}
