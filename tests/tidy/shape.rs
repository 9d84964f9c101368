//! Shape: how long files and functions may be, that every file introduces itself, that nothing is left for later.

use crate::{none, tree};

/// A file may have so many lines.
const FILE: usize = 400;
/// And never more, whatever the reason.
const FILE_NEVER: usize = 600;
/// A function may have so many lines.
const FUNCTION: usize = 70;

/// Files above [`FILE`]: path, lines they may have, why. A file that shrank must be written down with less.
const LONG: &[(&str, usize, &str)] = &[];

#[test]
fn files_are_short() {
    let mut complaints = Vec::new();
    for source in tree::sources() {
        let lines = source.text.lines().count();
        let allowed = LONG.iter().find(|(path, ..)| *path == source.path).map_or(FILE, |(_, lines, _)| *lines);
        if lines > allowed.min(FILE_NEVER) {
            complaints.push(format!("{}: {lines} lines, {allowed} are allowed: split it by noun", source.path));
        } else if allowed > FILE && lines + 40 < allowed {
            complaints.push(format!("{}: has {lines} lines now, tighten its entry in LONG", source.path));
        }
    }
    let paths: Vec<String> = tree::sources().into_iter().map(|s| s.path).collect();
    let gone = LONG.iter().filter(|(path, ..)| !paths.iter().any(|p| p == path));
    complaints.extend(gone.map(|(path, ..)| format!("{path} is in LONG but not in the tree")));
    none("a file has at most 400 lines", &complaints);
}

#[test]
fn functions_are_short() {
    let mut complaints = Vec::new();
    for source in tree::sources() {
        for f in source.functions().into_iter().filter(|f| f.lines > FUNCTION) {
            complaints.push(format!("{}:{}: {} has {} lines", source.path, f.line, f.name, f.lines));
        }
    }
    none("a function has at most 70 lines", &complaints);
}

#[test]
fn every_file_introduces_itself() {
    let is_ours = |path: &str| {
        ["src/", "client/", "storage/src/", "tests/", "tools/"].iter().any(|folder| path.starts_with(folder))
    };
    let bare = tree::sources().into_iter().filter(|s| is_ours(&s.path) && !s.text.starts_with("//!"));
    let complaints: Vec<String> = bare.map(|s| s.path).collect();
    none("a file begins with `//!`: what it owns, what it must never know, where to read next", &complaints);
}

#[test]
fn nothing_is_left_for_later() {
    // In two parts, so that this file does not speak of itself.
    let words = [concat!("todo", "!("), concat!("unimplemented", "!("), concat!("FIX", "ME"), concat!("#[", "ignore]")];
    let mut complaints = Vec::new();
    for source in tree::sources() {
        for (n, line) in source.text.lines().enumerate() {
            complaints
                .extend(words.iter().filter(|w| line.contains(**w)).map(|w| format!("{}:{}: {w}", source.path, n + 1)));
        }
    }
    none("what is unfinished is an issue, not a mark in the code", &complaints);
}

/// Files that may be unsafe. Each says at its top why, and what it relies on.
const UNSAFE: [&str; 3] = ["src/script/push.rs", "src/script/slice.rs", "src/script/stack.rs"];

#[test]
fn few_files_are_unsafe() {
    let allows = concat!("allow(", "unsafe_code)");
    let mut found: Vec<String> =
        tree::sources().into_iter().filter(|s| s.text.contains(allows)).map(|s| s.path).collect();
    found.sort();
    assert_eq!(found, UNSAFE, "only these files may be unsafe");
}
