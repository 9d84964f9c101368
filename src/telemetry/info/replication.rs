//! `# Replication`: there are no replicas yet.

use super::page::Page;
use crate::broker::Engine;

/// What stands for "no history" in a second replication id.
const NO_ID: &str = "0000000000000000000000000000000000000000";

pub(super) fn write(engine: &Engine, page: &mut Page) {
    page.line("role", "master");
    page.line("connected_slaves", 0);
    page.line("master_failover_state", "no-failover");
    page.line("master_replid", &engine.stats.run_id);
    page.line("master_replid2", NO_ID);
    page.line("master_repl_offset", 0);
    page.line("second_repl_offset", -1);
    page.zeros(&["repl_backlog_active"]);
    page.line("repl_backlog_size", 1_048_576);
    page.zeros(&["repl_backlog_first_byte_offset", "repl_backlog_histlen"]);
}
