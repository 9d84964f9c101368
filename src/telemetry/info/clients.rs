//! `# Clients`: who is connected, and who waits.

use super::page::Page;
use crate::broker::Engine;

pub(super) fn write(engine: &Engine, page: &mut Page) {
    let largest = |size: fn(&crate::broker::client::Client) -> usize| engine.clients.iter().map(size).max();
    page.line("connected_clients", engine.clients.len());
    page.line("cluster_connections", 0);
    page.line("maxclients", engine.config.maxclients);
    page.line("client_recent_max_input_buffer", largest(|c| c.query_bytes).unwrap_or(0));
    page.line("client_recent_max_output_buffer", largest(|c| c.waiting_bytes()).unwrap_or(0));
    page.line("blocked_clients", engine.waits.len());
    page.line("tracking_clients", engine.tracking.clients());
    page.line("pubsub_clients", engine.pubsub.clients());
    page.line("watching_clients", engine.watches.clients());
    page.line("clients_in_timeout_table", engine.waits.with_deadline());
    page.line("total_watched_keys", engine.watches.keys());
    page.line("total_blocking_keys", engine.waits.keys());
    // Those whose waiting also ends when the key goes: the groups go with it.
    page.line("total_blocking_keys_on_nokey", engine.waits.keys_of_verbs(|spec| spec.name == "xreadgroup"));
}
