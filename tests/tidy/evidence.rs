//! The tests that documents name exist.

use crate::{none, tree};

/// Each `path.rs::name` between backticks.
fn named(text: &str) -> impl Iterator<Item = (&str, &str)> {
    text.split('`')
        .skip(1)
        .step_by(2)
        .filter_map(|word| word.split_once("::"))
        .filter(|(path, _)| path.ends_with(".rs"))
}

fn exists(path: &str, name: &str) -> bool {
    tree::text(path.as_ref()).is_some_and(|source| source.contains(&format!("fn {name}(")))
}

#[test]
fn tests_that_documents_name_exist() {
    let documents = tree::files().into_iter().filter(|path| path.extension().is_some_and(|e| e == "md"));
    let mut seen = 0;
    let complaints: Vec<String> = documents
        .flat_map(|path| {
            let text = tree::text(&path).unwrap_or_default();
            let all: Vec<_> = named(&text).collect();
            seen += all.len();
            let missing = all.into_iter().filter(|(file, name)| !exists(file, name));
            missing.map(|(file, name)| format!("{}: {file}::{name}", path.display())).collect::<Vec<_>>()
        })
        .collect();
    none("a document names a test that does not exist", &complaints);
    assert!(seen > 30, "only {seen} tests are named in documents");
}
