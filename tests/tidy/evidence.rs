//! The tests that documents name exist.

use crate::{none, tree};
use std::path::Path;

/// Where tests stand.
const FOLDERS: &[&str] = &["tests/", "src/", "storage/", "fuzz/"];

/// What a text names in backticks that is a place in the tree: a file, or `file::test`.
pub fn places(text: &str) -> impl Iterator<Item = &str> {
    let is_place = |word: &&str| word.contains(".rs::") || FOLDERS.iter().any(|folder| word.starts_with(folder));
    text.split('`').skip(1).step_by(2).filter(is_place)
}

/// What is wrong with a place.
pub fn complaint(place: &str) -> Option<String> {
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
fn tests_that_documents_name_exist() {
    let documents = tree::files().into_iter().filter(|path| path.extension().is_some_and(|e| e == "md"));
    let (mut seen, mut complaints) = (0, Vec::new());
    for document in documents {
        let text = tree::text(&document).unwrap_or_default();
        for place in places(&text).filter(|place| place.contains("::")) {
            seen += 1;
            complaints.extend(complaint(place).map(|why| format!("{}: {why}", document.display())));
        }
    }
    none("a document names a test that does not exist", &complaints);
    assert!(seen > 30, "only {seen} tests are named in documents");
}
