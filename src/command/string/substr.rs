//! SUBSTR: the old name of [`super::getrange`].

use super::getrange;
use crate::command::spec::{Group, Keys, Kind, Spec};

/// SUBSTR.
pub static SPEC: Spec = Spec {
    name: "substr",
    summary: "Answers a part of a string. The old name of GETRANGE.",
    since: "1.0.0",
    group: Group::String,
    complexity: "O(1)",
    arity: 4,
    flags: &[],
    keys: Keys::ONE,
    syntax: "key start end",
    kind: Kind::Read(getrange::run),
    subcommands: &[],
};
