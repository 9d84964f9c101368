//! The line about a connection in CLIENT LIST and CLIENT INFO. Tools read it by field name.

use crate::broker::Engine;
use crate::broker::client::Client;
use crate::broker::pubsub::Space;
use crate::broker::tracking::Mode;
use crate::resp::Protocol;

/// One line with its line end.
pub(in crate::command) fn describe(engine: &Engine, c: &Client) -> String {
    let now_ms = engine.clock.now_ms();
    let seconds_since = |ms: i64| (now_ms - ms).max(0) / 1000;
    let text = String::from_utf8_lossy;
    let count = |space| engine.pubsub.count_of(c.id, space);
    format!(
        "id={} addr={} laddr={} fd={} name={} age={} idle={} flags={} db={} sub={} psub={} ssub={} multi={} watch={} \
         qbuf={} qbuf-free=0 argv-mem=0 multi-mem={} rbs=0 rbp=0 obl={} oll={} omem={} tot-mem={} events={} cmd={} \
         user={} redir={} resp={} lib-name={} lib-ver={} io-thread=0 tot-net-in={} tot-net-out={} tot-cmds={}\n",
        c.id,
        c.addr,
        c.laddr,
        c.fd,
        text(&c.name),
        seconds_since(c.created_ms),
        seconds_since(c.active_ms),
        flags(engine, c),
        c.db,
        count(Space::Channel),
        count(Space::Pattern),
        count(Space::Shard),
        c.transaction.as_ref().map_or(-1, |t| t.calls().len() as i64),
        engine.watches.count_of(c.id),
        c.query_bytes,
        c.queued_bytes(),
        c.output_bytes,
        c.mailbox.len(),
        c.waiting_bytes(),
        c.memory() + engine.pubsub.bytes_of(c.id),
        if c.waiting_bytes() > 0 { "rw" } else { "r" },
        c.last_command,
        text(engine.access.users.name(c.user)),
        engine.redirect_of(c.id),
        if c.protocol == Protocol::Resp3 { 3 } else { 2 },
        text(&c.lib_name),
        text(&c.lib_ver),
        c.total_in,
        c.total_out,
        c.total_commands,
    )
}

fn flags(engine: &Engine, c: &Client) -> String {
    let tracker = engine.tracking.get(c.id);
    let all = [
        (c.monitor, 'O'),
        (c.subscriber, 'P'),
        (c.transaction.is_some(), 'x'),
        (engine.waits.contains(c.id), 'b'),
        (tracker.is_some(), 't'),
        (tracker.is_some_and(|t| t.broken), 'R'),
        (tracker.is_some_and(|t| t.mode == Mode::Broadcast), 'B'),
        (c.watch_broken, 'd'),
        (c.close_after_reply || c.killed, 'c'),
        (c.unix, 'U'),
        (c.readonly, 'r'),
        (c.no_evict, 'e'),
        (c.no_touch, 'T'),
    ];
    let flags: String = all.iter().filter(|(set, _)| *set).map(|(_, letter)| *letter).collect();
    if flags.is_empty() { "N".into() } else { flags }
}
