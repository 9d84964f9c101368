//! COMMAND DOCS: summary, cost and arguments of commands. The arguments are read from the syntax line of the spec; a
//! shell for this protocol makes its hints of them.

use super::key_specs;
use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::Refusal;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::command::syntax::{self, Argument};
use crate::command::table;
use crate::reply::Reply;

/// COMMAND DOCS.
pub static SPEC: Spec = Spec {
    name: "command|docs",
    summary: "Documents commands.",
    since: "7.0.0",
    group: Group::Connection,
    complexity: "O(N) for N commands",
    arity: -2,
    flags: &[Flag::Loading, Flag::Stale],
    keys: Keys::None,
    syntax: "[command-name [command-name ...]]",
    kind: Kind::Admin(run),
    subcommands: &[],
};

fn run(_: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    if args.len() == 2 {
        return Ok(Reply::Map(table::verbs().map(entry).collect()));
    }
    Ok(Reply::Map(args.from(2).iter().filter_map(table::find_full).map(entry).collect()))
}

fn entry(spec: &'static Spec) -> (Reply, Reply) {
    let mut facts = vec![
        (Reply::text("summary"), Reply::text(spec.summary)),
        (Reply::text("since"), Reply::text(spec.since)),
        (Reply::text("group"), Reply::text(group(spec))),
        (Reply::text("complexity"), Reply::text(spec.complexity)),
    ];
    let arguments = syntax::parse(spec.syntax);
    if !arguments.is_empty() {
        facts.push((Reply::text("arguments"), list(&arguments, &mut KeyCount::of(spec))));
    }
    if !spec.subcommands.is_empty() {
        let subcommands = spec.subcommands.iter().map(|sub| entry(sub)).collect();
        facts.push((Reply::text("subcommands"), Reply::Map(subcommands)));
    }
    (Reply::text(spec.name), Reply::Map(facts))
}

/// Its part of the documentation. Some are in another one than their ACL category says.
fn group(spec: &Spec) -> &'static str {
    match spec.name {
        "dbsize" | "flushall" | "flushdb" | "swapdb" => Group::Server.name(),
        "asking" | "readonly" | "readwrite" => Group::Cluster.name(),
        name if name.split('|').next() == Some("command") => Group::Server.name(),
        _ => spec.group.name(),
    }
}

/// Numbers the arguments that are keys by the key spec they belong to.
struct KeyCount {
    next: usize,
    specs: usize,
}

impl KeyCount {
    fn of(spec: &Spec) -> KeyCount {
        KeyCount { next: 0, specs: key_specs::count(spec) }
    }

    fn take(&mut self) -> Option<usize> {
        let index = self.next.min(self.specs.checked_sub(1)?);
        self.next += 1;
        Some(index)
    }
}

fn list(arguments: &[Argument], keys: &mut KeyCount) -> Reply {
    Reply::Array(arguments.iter().map(|argument| describe(argument, keys)).collect())
}

fn describe(argument: &Argument, keys: &mut KeyCount) -> Reply {
    let key = if argument.looks_like_key() { keys.take() } else { None };
    let kind = if key.is_some() { "key" } else { argument.kind() };
    let mut facts = vec![(Reply::text("name"), Reply::bulk(argument.name())), (Reply::text("type"), Reply::text(kind))];
    if argument.arguments.is_empty() {
        facts.push((Reply::text("display_text"), Reply::bulk(argument.name())));
    }
    if let Some(index) = key {
        facts.push((Reply::text("key_spec_index"), Reply::count(index)));
    }
    if let Some(token) = &argument.token {
        facts.push((Reply::text("token"), Reply::bulk(token)));
    }
    let flags = argument.flags();
    if !flags.is_empty() {
        let flags = flags.iter().map(|flag| Reply::Status((*flag).into()));
        facts.push((Reply::text("flags"), Reply::Set(flags.collect())));
    }
    if !argument.arguments.is_empty() {
        facts.push((Reply::text("arguments"), list(&argument.arguments, keys)));
    }
    Reply::Map(facts)
}
