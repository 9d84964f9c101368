//! `# Keyspace`: a line for each database that has keys, and none for the others (tools divide by `keys`).

use super::page::Page;
use crate::broker::Engine;

pub(super) fn write(engine: &Engine, page: &mut Page) {
    let now_ms = engine.clock.now_ms().max(0) as u64;
    for db in 0..engine.store.databases() {
        let database = engine.store.database(db);
        if !database.is_empty() {
            let ttl_ms = database.mean_deadline_ms().map_or(0, |at| at.saturating_sub(now_ms));
            let (keys, expires) = (database.len(), database.expiring());
            page.line(&format!("db{db}"), format_args!("keys={keys},expires={expires},avg_ttl={ttl_ms},subexpiry=0"));
        }
    }
}
