//! `docs/configuration.md`, made from the table of options; a test keeps the file equal to it.
//!
//! Must never know: files. Read next: `table.rs`.

use super::inert::SKIPPED;
use super::kind::{Kind, human};
use super::setting::Profile;
use super::spec::{Change, Section, Spec, specs};
use std::fmt::Write;

const HEAD: &str = "\
# Configuration

This page is made from the table in `src/config/table.rs`; change that, then run
`BLESS=1 cargo test --no-default-features --features memory --lib config::docs`.

Values come from, weakest first: the defaults below; a file in redis.conf's syntax (`brooklet my.conf`, or `-` for
standard input); the environment (`BROOKLET_PORT`, dashes as underscores; an empty variable counts as unset, and what
Kubernetes sets for a service called `brooklet` is not taken for ours); flags
(`--port 7000`); `CONFIG SET` while running. `CONFIG REWRITE` writes the running values back into the file and keeps its
comments and order. `brooklet --check-config my.conf` says whether a file is valid.

Sizes are written `1024`, `64k` (64 000 bytes), `64kb` (65 536 bytes), likewise `m`, `mb`, `g`, `gb`. Names ignore case. In a
file, words are separated by blanks; quote a word that holds some: `\"...\"` knows the escapes `\\n \\r \\t \\xHH`, `'...'` is
taken as it stands. A `#` begins a comment only at the beginning of a line. `include` reads other files in place, a pattern in
the last part of its path included.

The column *changes* says what `CONFIG SET` does: *yes* changes it at once; *no* refuses; *same* refuses any value but the
present one (Redis can change these while running, so tools send them).
";

const TAIL: &str = "\
## `user`, and directives without effect

Lines of `user` define access control as in Redis. The directives below are known to Redis 8.0 and mean nothing here: a
file may hold them, `CONFIG GET` answers their usual default or what was set, and at start one line of the log lists
those that were given another value than the usual one. A directive that Redis does not know either is an error. (The
last few ask for something that is never done here, or are old names; `CONFIG GET` does not know them.)

";

/// The page, in Markdown.
pub fn configuration() -> String {
    let mut page = HEAD.to_owned();
    for section in Section::REAL {
        let _ = write!(
            page,
            "\n## {}\n\n| option | takes | default | changes | |\n|---|---|---|---|---|\n",
            section.title()
        );
        for spec in specs().filter(|spec| spec.section == section) {
            let _ = writeln!(page, "{}", row(spec));
        }
    }
    page.push_str(&profile());
    page.push_str(TAIL);
    page.push_str(&inert());
    page
}

fn profile() -> String {
    let mut text = "\n## Profile edge\n\nFor a machine with little memory and few clients: under 64 MB resident in steady work. Whatever is set, \
        wherever, wins over these defaults.\n\n| option | default with `profile edge` |\n|---|---|\n"
        .to_owned();
    for (name, value) in Profile::Edge.defaults() {
        let _ = writeln!(text, "| `{name}` | `{value}` |");
    }
    text.push('\n');
    text
}

fn row(spec: &Spec) -> String {
    let names: Vec<String> = spec.names().map(|name| format!("`{name}`")).collect();
    let default = if spec.default.is_empty() { "empty".to_owned() } else { format!("`{}`", spec.default) };
    let change = match spec.change {
        Change::Live => "yes",
        Change::Pinned => "same",
        Change::Start | Change::Protected | Change::Launch => "no",
    };
    format!("| {} | {} | {default} | {change} | {} |", names.join(", "), takes(spec.kind), spec.summary)
}

fn takes(kind: Kind) -> String {
    match kind {
        Kind::Integer { min, max, unit } => format!("{} {}", range(min, max), unit.name()).trim_end().to_owned(),
        Kind::Clamped { low, high } => format!("{low} to {high}, brought into range"),
        Kind::Memory(0) => "size".to_owned(),
        Kind::Memory(min) => format!("size, at least {}", human(min)),
        Kind::YesNo => "yes, no".to_owned(),
        Kind::Choice(names) => names.join(", "),
        Kind::Path => "path".to_owned(),
        Kind::Text | Kind::Hostname | Kind::Secret => "text".to_owned(),
        Kind::Words => "words".to_owned(),
        Kind::Events => "letters".to_owned(),
        Kind::Limits => "groups of four".to_owned(),
        Kind::MemoryOrPercent | Kind::Octal | Kind::Choices(_) | Kind::Save => "as in Redis".to_owned(),
    }
}

fn range(min: i64, max: i64) -> String {
    if max >= i32::MAX.into() { format!("{min} or more") } else { format!("{min} to {max}") }
}

/// The names, as many to a line as fit.
fn inert() -> String {
    let mut text = String::new();
    let mut width = 0;
    let names = specs().filter(|spec| spec.is_inert()).flat_map(Spec::names).chain(SKIPPED.iter().copied());
    for name in names.map(|name| format!("`{name}`")) {
        if width + name.len() > 118 {
            text.push('\n');
            width = 0;
        } else if width > 0 {
            text.push(' ');
        }
        width += name.len() + 1;
        text.push_str(&name);
    }
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_is_up_to_date() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/configuration.md");
        let page = configuration();
        if std::env::var_os("BLESS").is_some() {
            std::fs::write(path, &page).unwrap();
        }
        let stored = std::fs::read_to_string(path).unwrap_or_default();
        assert!(
            stored == page,
            "docs/configuration.md is not what the table says; run this test once with BLESS=1 and commit the file"
        );
    }
}
