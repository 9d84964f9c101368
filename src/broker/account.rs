//! What is noted of a call that is finished, and told: counts, times, errors, the slow log, MONITOR. Must never know: who it was for.

use super::Engine;
use super::client::ClientId;
use super::monitor::{Caller, is_behind_auth};
use super::stats::{SLOW_ARGS, SlowCall};
use crate::command::args::Args;
use crate::command::spec::{Flag, Spec};
use crate::config;

impl Engine {
    /// Counts a call that is finished.
    pub(crate) fn account(
        &mut self,
        client: ClientId,
        spec: &'static Spec,
        args: Args<'_>,
        error: Option<&str>,
        micros: u64,
    ) {
        self.stats.count_call(spec, micros, error.is_some(), self.config.latency_tracking);
        let is_counted = std::mem::take(&mut self.stats.error_is_counted);
        if let Some(line) = error.filter(|_| !is_counted) {
            self.stats.count_error(line);
        }
        self.note_event(if spec.has(Flag::Fast) { "fast-command" } else { "command" }, micros);
        let limit = self.config.slowlog_log_slower_than_us;
        if limit >= 0 && micros as i64 >= limit && !spec.has(Flag::SkipSlowlog) {
            self.note_slow(client, spec, args, micros);
        }
        self.tell_of(client, spec, args);
    }

    /// Notes for LATENCY what kept everybody waiting, if it took long.
    #[inline]
    pub(crate) fn note_event(&mut self, event: &'static str, micros: u64) {
        let slow_ms = self.config.latency_monitor_threshold_ms;
        if slow_ms > 0 && micros / 1000 >= slow_ms {
            self.stats.latency.add(event, self.clock.now_ms() / 1000, micros / 1000);
        }
    }

    /// Whether the call that runs is a script's.
    pub fn in_script(&self) -> bool {
        self.script_us.is_some()
    }

    /// What others get to know of a call, and what is remembered of it for others.
    #[inline]
    fn tell_of(&mut self, client: ClientId, spec: &'static Spec, args: Args<'_>) {
        if !self.tracking.is_empty() {
            self.track_call(client, spec, args);
        }
        if self.is_monitored()
            && let Some(c) = self.clients.get(client)
        {
            let (db, address, in_script) = (c.db, c.addr.clone(), self.in_script());
            let caller = if in_script { Caller::Script } else { Caller::Address(&address) };
            self.show_call(db, caller, spec, args);
        }
    }

    fn note_slow(&mut self, client: ClientId, spec: &Spec, args: Args<'_>, micros: u64) {
        let Some(c) = self.clients.get(client) else { return };
        let call = SlowCall {
            id: 0,
            at_s: self.clock.now_ms() / 1000,
            micros,
            args: shown(spec, args),
            addr: c.addr.clone(),
            client_name: c.name.clone(),
        };
        let max = self.config.slowlog_max_len as usize;
        self.stats.add_slow(call, max);
    }
}

/// The arguments as a log may show them: without passwords.
fn shown(spec: &Spec, args: Args<'_>) -> Vec<Vec<u8>> {
    let secret = |i: usize| match spec.name {
        "auth" => i > 0,
        "hello" => is_behind_auth(args, i),
        "acl|setuser" | "acl|getuser" | "acl|deluser" => i > 1,
        "config|set" => i > 2 && i % 2 == 1 && is_secret(args.at(i - 1)),
        _ => false,
    };
    let one = |(i, arg): (usize, &[u8])| if secret(i) { b"(redacted)".to_vec() } else { SlowCall::shorten(arg) };
    let whole = if args.len() > SLOW_ARGS { SLOW_ARGS - 1 } else { args.len() };
    let mut shown: Vec<Vec<u8>> = args.iter().enumerate().take(whole).map(one).collect();
    if whole < args.len() {
        shown.push(format!("... ({} more arguments)", args.len() - whole).into_bytes());
    }
    shown
}

fn is_secret(option: &[u8]) -> bool {
    let found = std::str::from_utf8(option).ok().and_then(config::find);
    found.is_some_and(|(spec, _)| spec.kind == config::Kind::Secret)
}
