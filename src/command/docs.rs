//! `docs/commands.md`, made from the table of verbs; a test keeps the file equal to it.
//!
//! Must never know: files. Read next: `spec.rs`, `table.rs`.

use super::spec::{Group, Kind, Spec};
use super::table::every;
use std::fmt::Write;

const HEAD: &str = "\
# Commands

This page is made from the table of verbs (`src/command/table.rs`); change a verb's `SPEC`, then run
`BLESS=1 cargo test --no-default-features --features memory --lib command::docs`.

`COMMAND DOCS` and `COMMAND INFO` answer from the same table. *since* is the version of Redis that introduced the verb, or of
Brooklet where Redis has no such verb: see [queues.md](queues.md) and
[leases.md](leases.md). Each verb has a transcript of what it answers in `tests/protocol/cases/`; wanted differences to Redis are listed in
[compatibility.md](compatibility.md).
";

const GROUPS: [(Group, &str); 20] = [
    (Group::Stream, "Streams"),
    (Group::Keyspace, "Keys"),
    (Group::String, "Strings"),
    (Group::Bitmap, "Bits"),
    (Group::Hash, "Hashes"),
    (Group::List, "Lists"),
    (Group::Set, "Sets"),
    (Group::SortedSet, "Sorted sets"),
    (Group::Lease, "Leases (not in Redis)"),
    (Group::PubSub, "Pub/sub"),
    (Group::Sorting, "Sorting"),
    (Group::Transaction, "Transactions"),
    (Group::Scripting, "Scripts"),
    (Group::Connection, "Connection"),
    (Group::Server, "Server"),
    (Group::Cluster, "Cluster"),
    (Group::Sentinel, "Sentinel (only with `sentinel-master-name`)"),
    (Group::Policy, "Policies of streams (not in Redis)"),
    (Group::Message, "Single messages of a group (not in Redis)"),
    (Group::Testing, "Tests (only with `--test-clock`; not in Redis)"),
];

/// The page, in Markdown.
pub fn commands() -> String {
    let mut page = HEAD.to_owned();
    for (group, title) in GROUPS {
        let mut specs: Vec<&Spec> = every().filter(|spec| spec.group == group).flat_map(callable).collect();
        specs.sort_by_key(|spec| spec.name);
        if specs.is_empty() {
            continue;
        }
        let _ = write!(page, "\n## {title}\n\n| command | since | cost | |\n|---|---|---|---|\n");
        for spec in specs {
            let _ = writeln!(page, "{}", row(spec));
        }
    }
    page
}

/// The verb, if it can be called by itself, and its subcommands.
fn callable(spec: &'static Spec) -> impl Iterator<Item = &'static Spec> {
    let own = (!matches!(spec.kind, Kind::Container)).then_some(spec);
    own.into_iter().chain(spec.subcommands.iter().copied())
}

fn row(spec: &Spec) -> String {
    let call = format!("{} {}", spec.name.replace('|', " ").to_uppercase(), spec.syntax);
    let cells = [format!("`{}`", call.trim_end()), spec.since.into(), spec.complexity.into(), spec.summary.into()];
    // A bar would end the cell, also inside of code.
    format!("| {} |", cells.map(|cell: String| cell.replace('|', "\\|")).join(" | "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_is_up_to_date() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/commands.md");
        let page = commands();
        if std::env::var_os("BLESS").is_some() {
            std::fs::write(path, &page).unwrap();
        }
        let stored = std::fs::read_to_string(path).unwrap_or_default();
        assert!(
            stored == page,
            "docs/commands.md is not what the table says; run this test once with BLESS=1 and commit the file"
        );
    }

    #[test]
    fn every_group_has_its_part() {
        let forgotten = every().find(|spec| GROUPS.iter().all(|(group, _)| *group != spec.group));
        assert!(forgotten.is_none(), "{forgotten:?}");
    }

    #[test]
    fn every_verb_can_be_read_about() {
        let unwritten = |spec: &&Spec| spec.summary.is_empty() || spec.since.is_empty() || spec.complexity.is_empty();
        let names: Vec<&str> = every().flat_map(callable).filter(unwritten).map(|spec| spec.name).collect();
        assert!(names.is_empty(), "no summary, version or cost: {names:?}");
    }
}
