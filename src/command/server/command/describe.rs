//! One entry of COMMAND: name, arity, flags, key positions, ACL categories, tips, key specs, subcommands.
//!
//! Flags follow from the kind and the flags of a spec, in the order of the reference.

use super::{key_specs, tips};
use crate::command::category;
use crate::command::spec::{Flag, Keys, Spec};
use crate::reply::Reply;

/// The entry about a command, with its subcommands.
pub(super) fn entry(spec: &'static Spec) -> Reply {
    let (first, last, step) = positions(spec.keys);
    let statuses = |names: Vec<&'static str>, mark: &str| {
        Reply::Set(names.into_iter().map(|name| Reply::Status(format!("{mark}{name}").into())).collect())
    };
    Reply::Array(vec![
        Reply::text(spec.name),
        Reply::Integer(spec.arity.into()),
        statuses(flags(spec), ""),
        Reply::Integer(first),
        Reply::Integer(last),
        Reply::Integer(step),
        statuses(category::of(spec), "@"),
        Reply::Set(tips::of(spec.name).into_iter().map(Reply::text).collect()),
        Reply::Set(key_specs::describe(spec)),
        subcommands(spec),
    ])
}

/// None are an empty set, some are an array: what the reference answers.
fn subcommands(spec: &'static Spec) -> Reply {
    if spec.subcommands.is_empty() {
        return Reply::Set(Vec::new());
    }
    Reply::Array(spec.subcommands.iter().map(|sub| entry(sub)).collect())
}

fn positions(keys: Keys) -> (i64, i64, i64) {
    match keys {
        Keys::At { first, last, step } => (first as i64, last.into(), step as i64),
        Keys::StoredCounted | Keys::Sort { .. } | Keys::Leased => (1, 1, 1),
        _ => (0, 0, 0),
    }
}

/// The flags of a command.
pub(super) fn flags(spec: &Spec) -> Vec<&'static str> {
    let all = [
        (spec.kind.writes(), "write"),
        (spec.kind.reads(), "readonly"),
        (spec.has(Flag::Denyoom), "denyoom"),
        (spec.has(Flag::Admin), "admin"),
        (spec.has(Flag::PubSub), "pubsub"),
        (spec.has(Flag::NoScript), "noscript"),
        (spec.kind.blocks(), "blocking"),
        (spec.has(Flag::Loading), "loading"),
        (spec.has(Flag::Stale), "stale"),
        (spec.has(Flag::SkipMonitor), "skip_monitor"),
        (spec.has(Flag::SkipSlowlog), "skip_slowlog"),
        (spec.has(Flag::Fast), "fast"),
        (spec.has(Flag::NoAuth), "no_auth"),
        (spec.has(Flag::NoAsyncLoading), "no_async_loading"),
        (spec.has(Flag::NoMulti), "no_multi"),
        (spec.has(Flag::NoMandatoryKeys), "no_mandatory_keys"),
        (spec.keys.are_movable() || spec.has(Flag::MovableKeys), "movablekeys"),
        (spec.has(Flag::AllowBusy), "allow_busy"),
    ];
    set(&all)
}

fn set(all: &[(bool, &'static str)]) -> Vec<&'static str> {
    all.iter().filter(|(is_set, _)| *is_set).map(|(_, name)| *name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::table::find_full;

    /// Recorded from the reference server, 8.0.6.
    #[test]
    fn derived_as_in_the_reference() {
        for (name, expected_flags, expected_categories) in [
            ("get", "readonly fast", "read string fast"),
            ("set", "write denyoom", "write string slow"),
            ("xadd", "write denyoom fast", "write stream fast"),
            ("ping", "fast", "fast connection"),
            ("client", "", "slow"),
            ("client|kill", "admin noscript loading stale", "admin slow dangerous connection"),
            ("config|get", "admin noscript loading stale", "admin slow dangerous"),
            ("info", "loading stale", "slow dangerous"),
            ("wait", "blocking", "slow blocking connection"),
            ("lastsave", "loading stale fast", "admin fast dangerous"),
            ("shutdown", "admin noscript loading stale no_multi allow_busy", "admin slow dangerous"),
            ("multi", "noscript loading stale fast allow_busy", "fast transaction"),
            ("exec", "noscript loading stale skip_slowlog", "slow transaction"),
            ("subscribe", "pubsub noscript loading stale", "pubsub slow"),
            ("publish", "pubsub loading stale fast", "pubsub fast"),
            ("pubsub|help", "loading stale", "slow"),
            ("hello", "noscript loading stale fast no_auth allow_busy", "fast connection"),
        ] {
            let spec = find_full(name.as_bytes()).unwrap();
            assert_eq!(flags(spec).join(" "), expected_flags, "{name}");
            assert_eq!(category::of(spec).join(" "), expected_categories, "{name}");
        }
    }
}
