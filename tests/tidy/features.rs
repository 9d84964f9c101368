//! One feature set: `cargo run` and `cargo test` must build the same packages with the same features, or everything
//! above the first difference is compiled twice, and below RocksDB that is half an hour.
//!
//! cargo unites the features that all selected packages ask for. A dependency that only tests have can so change a
//! package that the program shares, many levels down. This test lets cargo print both trees and looks for each node of
//! the program's tree, with its features, in the same place of the tests' tree.
//!
//! To mend a difference: leave the test's dependency out, or switch the feature on for the program too (Cargo.toml).

use crate::tree;
use std::process::Command;

/// A package with its features, and what it depends on.
#[derive(Debug)]
struct Node {
    label: String,
    below: Vec<Node>,
}

/// What `cargo tree` prints for a selection of packages.
fn cargo_tree(selection: &[&str]) -> Vec<Node> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let fixed = ["tree", "--locked", "--offline", "--no-dedupe", "--prefix", "depth", "--format", " {p} [{f}]"];
    let output = Command::new(cargo).args(fixed).args(selection).current_dir(tree::root()).output().expect("cargo");
    assert!(output.status.success(), "cargo tree: {}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    let lines: Vec<(usize, &str)> = text.lines().filter_map(depth_and_label).collect();
    nodes(&mut lines.as_slice(), 0)
}

fn depth_and_label(line: &str) -> Option<(usize, &str)> {
    let (depth, label) = line.split_once(' ')?;
    Some((depth.parse().ok()?, label))
}

/// Takes the nodes of one depth, with all below them, off the front.
fn nodes(lines: &mut &[(usize, &str)], depth: usize) -> Vec<Node> {
    let mut found = Vec::new();
    while let Some(((at, label), rest)) = lines.split_first()
        && *at == depth
    {
        *lines = rest;
        found.push(Node { label: (*label).to_owned(), below: nodes(lines, depth + 1) });
    }
    found
}

/// Looks for everything of `program` in `tests`, which may have more.
fn compare(program: &Node, tests: &Node, path: &str, differences: &mut Vec<String>) {
    let path = format!("{path} > {}", name(&program.label));
    for wanted in &program.below {
        let same_name: Vec<&Node> = tests.below.iter().filter(|n| name(&n.label) == name(&wanted.label)).collect();
        let same = same_name.iter().find(|node| node.label == wanted.label);
        if same.is_none() {
            let instead: Vec<&str> = same_name.iter().map(|n| n.label.as_str()).collect();
            differences.push(format!("{path}: {} is with tests {instead:?}", wanted.label));
        }
        if let Some(found) = same.or(same_name.first()) {
            compare(wanted, found, &path, differences);
        }
    }
}

fn name(label: &str) -> &str {
    label.split(' ').next().unwrap_or(label)
}

#[test]
fn the_program_and_the_tests_share_every_package() {
    let program = cargo_tree(&["--package", "brooklet", "--edges", "normal,build"]);
    for selection in [&["--workspace"][..], &["--package", "brooklet"]] {
        let tests = cargo_tree(&[selection, &["--edges", "normal,build,dev"]].concat());
        let ours = tests.iter().find(|node| name(&node.label) == "brooklet").expect("the root package");
        assert_eq!(program[0].label, ours.label, "features of the root package");
        let mut differences = Vec::new();
        compare(&program[0], ours, "", &mut differences);
        differences.sort();
        differences.dedup();
        crate::none("packages that `cargo run` and `cargo test` build differently", &differences);
    }
}
