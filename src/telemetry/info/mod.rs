//! INFO: what the server says about itself, in sections of `name:value` lines.
//!
//! Exporters match headers and names literally and some fail on a missing one, so the names are those of the reference,
//! with true values where there is something to tell and zero where the word means nothing here. No name of ours may
//! begin with `db`, `cmdstat_` or `cluster_`: exporters take those for something else. Must never know: sockets.

mod brooklet;
mod clients;
mod commands;
mod cpu;
mod keyspace;
mod memory;
mod page;
mod persistence;
mod replication;
mod server;
mod stats;

pub use page::human;

use crate::broker::Engine;
use page::Page;

/// One section.
struct Section {
    /// As INFO is asked for it.
    name: &'static str,
    /// The headline.
    title: &'static str,
    /// Whether a plain INFO shows it.
    usual: bool,
    write: fn(&Engine, &mut Page),
}

const fn section(name: &'static str, title: &'static str, write: fn(&Engine, &mut Page)) -> Section {
    Section { name, title, usual: true, write }
}

const fn on_demand(name: &'static str, title: &'static str, write: fn(&Engine, &mut Page)) -> Section {
    Section { name, title, usual: false, write }
}

/// All sections in their order.
static SECTIONS: &[Section] = &[
    section("server", "Server", server::write),
    section("clients", "Clients", clients::write),
    section("memory", "Memory", memory::write),
    section("persistence", "Persistence", persistence::write),
    section("stats", "Stats", stats::write),
    section("replication", "Replication", replication::write),
    section("cpu", "CPU", cpu::write),
    section("modules", "Modules", |_, _| {}),
    on_demand("commandstats", "Commandstats", commands::calls),
    section("errorstats", "Errorstats", commands::errors),
    on_demand("latencystats", "Latencystats", commands::latencies),
    section("cluster", "Cluster", |engine, page| page.line("cluster_enabled", u8::from(engine.cluster.is_some()))),
    section("keyspace", "Keyspace", keyspace::write),
    section("brooklet", "Brooklet", brooklet::write),
];

/// The text for the sections that were asked for; for none, the usual ones. Unknown names are passed over.
pub fn info<'a>(engine: &Engine, asked: impl Iterator<Item = &'a [u8]> + Clone) -> String {
    let is = |word: &'static str| move |a: &'a [u8]| a.eq_ignore_ascii_case(word.as_bytes());
    let all = asked.clone().any(|a| is("all")(a) || is("everything")(a));
    let usual = asked.clone().next().is_none() || asked.clone().any(is("default"));
    let mut page = Page::default();
    for section in SECTIONS {
        if all || (usual && section.usual) || asked.clone().any(is(section.name)) {
            page.section(section.title);
            (section.write)(engine, &mut page);
        }
    }
    page.text()
}
