//! Finding a verb by name. Adding one: its file, and its line in the list of its group (`stream/mod.rs`, ...).

use super::args::Args;
use super::error::{self, Refusal};
use super::spec::Spec;
use super::{
    bitmap, cluster, connection, hash, keyspace, lease, list, message, policy, pubsub, script, sentinel, server, set,
    sort, stream, string, testing, transaction, zset,
};
use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::LazyLock;

/// Every verb, group by group (subcommands hang below their container).
pub fn verbs() -> impl Iterator<Item = &'static Spec> + Clone {
    let values = [stream::VERBS, string::VERBS, bitmap::VERBS, hash::VERBS, list::VERBS, set::VERBS, zset::VERBS];
    let others = [
        keyspace::VERBS,
        lease::VERBS,
        sort::VERBS,
        pubsub::VERBS,
        transaction::VERBS,
        script::VERBS,
        connection::VERBS,
        server::VERBS,
        cluster::VERBS,
        policy::VERBS,
        message::VERBS,
    ];
    values.into_iter().chain(others).flatten().copied()
}

/// The same and those that are there only if an option says so: access lists and documents know them always.
pub fn every() -> impl Iterator<Item = &'static Spec> + Clone {
    verbs().chain(sentinel::VERBS.iter().copied()).chain(testing::VERBS.iter().copied())
}

/// Longest name of a verb; anything longer is unknown.
const LONGEST: usize = 32;

type ByName = HashMap<&'static [u8], &'static Spec, foldhash::fast::FixedState>;

static BY_NAME: LazyLock<ByName> = LazyLock::new(|| verbs().map(|spec| (spec.name.as_bytes(), spec)).collect());

/// A verb as a client spelled it.
#[derive(Clone, Copy)]
struct Spelled {
    name: [u8; LONGEST],
    len: usize,
    spec: &'static Spec,
}

thread_local! {
    /// The verb that was found last: the same one is often called many times in a row, spelled the same way.
    static RECENT: RefCell<Option<Spelled>> = const { RefCell::new(None) };
}

/// The verb called `name`, in any case.
#[inline]
pub fn find(name: &[u8]) -> Option<&'static Spec> {
    RECENT.with_borrow_mut(|recent| match recent {
        Some(verb) if verb.name[..verb.len] == *name => Some(verb.spec),
        _ => {
            let spec = look_up(name)?;
            let mut verb = Spelled { name: [0; LONGEST], len: name.len(), spec };
            verb.name[..name.len()].copy_from_slice(name);
            *recent = Some(verb);
            Some(spec)
        }
    })
}

fn look_up(name: &[u8]) -> Option<&'static Spec> {
    let mut lower = [0u8; LONGEST];
    let lower = lower.get_mut(..name.len())?;
    lower.copy_from_slice(name);
    lower.make_ascii_lowercase();
    BY_NAME.get(&*lower).copied()
}

fn find_any(name: &[u8]) -> Option<&'static Spec> {
    find(name).or_else(|| every().find(|spec| spec.name.as_bytes().eq_ignore_ascii_case(name)))
}

/// The verb or subcommand of a full name (`get`, `config|get`), in any case.
pub fn find_full(name: &[u8]) -> Option<&'static Spec> {
    full(name, find)
}

/// The same among [`every`] verb.
pub fn find_ever(name: &[u8]) -> Option<&'static Spec> {
    full(name, find_any)
}

fn full(name: &[u8], find: fn(&[u8]) -> Option<&'static Spec>) -> Option<&'static Spec> {
    let Some(bar) = memchr::memchr(b'|', name) else { return find(name) };
    let (container, own) = (find(&name[..bar])?, &name[bar + 1..]);
    container.subcommands.iter().find(|s| s.own_name().as_bytes().eq_ignore_ascii_case(own)).copied()
}

/// The container of a subcommand; of anything else, itself.
pub fn container(spec: &'static Spec) -> &'static Spec {
    let name = spec.name.split('|').next().unwrap_or(spec.name);
    find_any(name.as_bytes()).unwrap_or(spec)
}

/// The verb or subcommand that a call means, whatever its number of arguments.
pub fn mentioned(args: Args<'_>) -> Option<&'static Spec> {
    let spec = find(args.at(0))?;
    match args.get(1) {
        Some(name) if !spec.subcommands.is_empty() => {
            spec.subcommands.iter().find(|s| s.own_name().as_bytes().eq_ignore_ascii_case(name)).copied()
        }
        _ => Some(spec),
    }
}

/// The verb or subcommand that a call means, with the right number of arguments.
#[inline]
pub fn resolve(args: Args<'_>) -> Result<&'static Spec, Refusal> {
    resolve_in(find(args.at(0)).ok_or_else(|| error::unknown_command(args.at(0), args))?, args)
}

/// The same for a call of the verb `spec`.
#[inline]
pub fn resolve_in(spec: &'static Spec, args: Args<'_>) -> Result<&'static Spec, Refusal> {
    let spec = if spec.subcommands.is_empty() || args.len() < 2 { spec } else { subcommand(spec, args.at(1))? };
    if spec.accepts(args.len()) { Ok(spec) } else { Err(error::wrong_arity(spec.name)) }
}

fn subcommand(container: &'static Spec, name: &[u8]) -> Result<&'static Spec, Refusal> {
    let found = container.subcommands.iter().find(|s| s.own_name().as_bytes().eq_ignore_ascii_case(name));
    found.copied().ok_or_else(|| error::unknown_subcommand(container.name, name))
}
