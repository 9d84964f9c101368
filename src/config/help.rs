//! What `--help` and `--version` print, made from the table of options.
//!
//! Must never know: the terminal. Read next: `flags.rs`, `docs.rs`.

use super::kind::Kind;
use super::spec::{Section, Spec, specs};
use std::fmt::Write;

const USAGE: &str = "\
brooklet: a durable message broker that speaks the Redis protocol

usage: brooklet [file | -] [--option value ...]
       brooklet bench [...]
       brooklet check <folder>
       brooklet doctor [file | -] [--option value ...]
       brooklet backup create | list | verify | restore [...]
       brooklet --check-config | --version | --help

A file has redis.conf's syntax; - reads it from standard input. BROOKLET_PORT and the like set an option too.
File < environment < flags.

";

/// The text of `--help`: one line per option that means something.
pub fn help() -> String {
    let mut text = USAGE.to_owned();
    for section in Section::REAL {
        let _ = writeln!(text, "{}:", section.title());
        for spec in specs().filter(|spec| spec.section == section) {
            let _ = writeln!(text, "{}", line(spec));
        }
        text.push('\n');
    }
    text.push_str("Other directives of redis.conf are accepted without effect. All details: docs/configuration.md\n");
    text
}

fn line(spec: &Spec) -> String {
    let switch = spec.section == Section::Launch && spec.kind == Kind::YesNo;
    let flag = if switch { format!("--{}", spec.name) } else { format!("--{} {}", spec.name, placeholder(spec.kind)) };
    let first = spec.summary.split_inclusive(". ").next().unwrap_or_default().trim_end().trim_end_matches('.');
    // A list of twelve numbers helps nobody here.
    let default = if switch || spec.default.is_empty() || spec.kind == Kind::Limits {
        String::new()
    } else {
        format!(" [{}]", spec.default)
    };
    format!("  {flag:<38} {first}{default}")
}

/// A short name for what an option takes.
pub(super) fn placeholder(kind: Kind) -> String {
    match kind {
        Kind::Integer { unit, .. } if !unit.name().is_empty() => format!("<{}>", unit.name()),
        Kind::Integer { .. } | Kind::Clamped { .. } => "<number>".to_owned(),
        Kind::Memory(_) => "<size>".to_owned(),
        Kind::MemoryOrPercent => "<size or percent>".to_owned(),
        Kind::Octal => "<mode>".to_owned(),
        Kind::YesNo => "yes|no".to_owned(),
        Kind::Choice(names) | Kind::Choices(names) if names.len() <= 3 => names.join("|"),
        Kind::Choice(_) | Kind::Choices(_) => "<name>".to_owned(),
        Kind::Text | Kind::Hostname | Kind::Secret => "<text>".to_owned(),
        Kind::Path => "<path>".to_owned(),
        Kind::Words | Kind::Save | Kind::Limits => "<list>".to_owned(),
        Kind::Events => "<letters>".to_owned(),
    }
}

/// The line of `--version`, as `name=value` words a script can read.
pub fn version() -> String {
    let backends: Vec<&str> = [("rocksdb", cfg!(feature = "rocksdb")), ("memory", cfg!(feature = "memory"))]
        .into_iter()
        .filter_map(|(name, built)| built.then_some(name))
        .collect();
    let malloc =
        if cfg!(all(feature = "jemalloc", target_os = "linux", target_env = "gnu")) { "jemalloc" } else { "libc" };
    format!(
        "brooklet v={} bits={} malloc={malloc} backends={}",
        env!("CARGO_PKG_VERSION"),
        usize::BITS,
        backends.join(",")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn help_is_short_and_complete() {
        let text = help();
        for spec in specs().filter(|spec| !spec.is_inert()) {
            assert!(text.contains(&format!("  --{} ", spec.name)), "{}", spec.name);
        }
        assert!(text.lines().count() < 120);
        let longest = text.lines().max_by_key(|line| line.len()).unwrap();
        assert!(longest.len() <= 160, "{longest}");
    }

    #[test]
    fn version_is_words_of_name_and_value() {
        let text = version();
        assert!(text.starts_with(concat!("brooklet v=", env!("CARGO_PKG_VERSION"), " ")));
        assert!(text.split(' ').skip(1).all(|word| word.contains('=')), "{text}");
    }
}
