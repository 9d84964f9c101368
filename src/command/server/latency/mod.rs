//! LATENCY: events that took at least `latency-monitor-threshold`, and how long calls took.

mod doctor;
mod graph;
mod histogram;
mod history;
mod latest;
mod reset;

use crate::command::help;
use crate::command::spec::{Group, Keys, Kind, Spec};

/// LATENCY.
pub static SPEC: Spec = Spec {
    name: "latency",
    summary: "Holds commands about what took long.",
    since: "2.8.13",
    group: Group::Server,
    complexity: "Depends on the subcommand",
    arity: -2,
    flags: &[],
    keys: Keys::None,
    syntax: "",
    kind: Kind::Container,
    subcommands: &[&latest::SPEC, &history::SPEC, &reset::SPEC, &histogram::SPEC, &graph::SPEC, &doctor::SPEC, &HELP],
};

static HELP: Spec = help::spec("latency|help", Group::Server, "2.8.13");
