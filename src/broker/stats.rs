//! Counters of the engine: commands, errors, the slow log. Must never know: INFO's format.

use super::clock::Clock;
use super::cluster;
use super::histogram::Histogram;
use super::latency::Latency;
use crate::command::spec::Spec;
use std::collections::{BTreeMap, VecDeque};

/// What is known about one command.
#[derive(Clone, Debug)]
pub struct CommandStats {
    /// The command.
    pub spec: &'static Spec,
    /// Calls that ran.
    pub calls: u64,
    /// Microseconds they took.
    pub micros: u64,
    /// Calls refused before they ran.
    pub rejected: u64,
    /// Calls that ran and answered an error.
    pub failed: u64,
    /// Calls by duration.
    pub durations: Histogram,
}

/// What is known about each command. A command is found by the address of its spec, which costs a few nanoseconds.
#[derive(Debug, Default)]
pub struct Commands {
    places: hashbrown::HashMap<usize, u32, foldhash::fast::FixedState>,
    all: Vec<CommandStats>,
    /// The last one asked for: the same verb is often called many times in a row.
    recent: (usize, u32),
}

impl Commands {
    #[inline]
    fn of(&mut self, spec: &'static Spec) -> &mut CommandStats {
        let address = std::ptr::from_ref(spec) as usize;
        if self.recent.0 != address {
            self.recent = (address, self.place_of(address, spec));
        }
        &mut self.all[self.recent.1 as usize]
    }

    fn place_of(&mut self, address: usize, spec: &'static Spec) -> u32 {
        let fresh = self.all.len() as u32;
        let place = *self.places.entry(address).or_insert(fresh);
        if place == fresh {
            let durations = Histogram::default();
            self.all.push(CommandStats { spec, calls: 0, micros: 0, rejected: 0, failed: 0, durations });
        }
        place
    }

    /// The commands that were called or refused, in the order of their first call.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &CommandStats> {
        self.all.iter()
    }

    fn clear(&mut self) {
        self.places.clear();
        self.all.clear();
        self.recent = (0, 0);
    }
}

/// An entry of the slow log.
#[derive(Clone, Debug)]
pub struct SlowCall {
    /// Its number.
    pub id: u64,
    /// When it ran, Unix seconds.
    pub at_s: i64,
    /// How long it took, microseconds.
    pub micros: u64,
    /// Its arguments, shortened.
    pub args: Vec<Vec<u8>>,
    /// Peer address.
    pub addr: String,
    /// CLIENT SETNAME.
    pub client_name: Vec<u8>,
}

/// Counters.
#[derive(Debug)]
pub struct Stats {
    /// By command.
    pub commands: Commands,
    /// Slow events, for LATENCY.
    pub latency: Latency,
    /// Errors by their code.
    pub errors: BTreeMap<String, u64>,
    /// The slow log, newest first.
    pub slow: VecDeque<SlowCall>,
    /// Number of the next slow call.
    pub next_slow: u64,
    /// Unix milliseconds of the start.
    pub started_ms: i64,
    /// Calls.
    pub total_commands: u64,
    /// Connections accepted.
    pub total_connections: u64,
    /// Connections refused because there were too many.
    pub rejected_connections: u64,
    /// Bytes received.
    pub net_in: u64,
    /// Bytes sent.
    pub net_out: u64,
    /// Reads that found their key.
    pub hits: u64,
    /// Reads that did not.
    pub misses: u64,
    /// The error that is answered now was counted where it came from.
    pub error_is_counted: bool,
    /// Error replies.
    pub total_errors: u64,
    /// How often a write had to wait for the disk. One that waits long asks again, and counts again.
    pub delayed_writes: u64,
    /// Clients closed because their output grew too large.
    pub output_limit_disconnections: u64,
    /// Clients closed because their input grew too large.
    pub query_limit_disconnections: u64,
    /// When a web request was last reported, Unix milliseconds.
    pub web_request_ms: i64,
    /// Times that connections were read from.
    pub reads: u64,
    /// Times that connections were written to.
    pub writes: u64,
    /// The highest `used_memory` seen.
    pub peak_memory: u64,
    /// Whether the sweep of expired keys runs (DEBUG SET-ACTIVE-EXPIRE).
    pub active_expire: bool,
    /// 40 hex digits that name this run.
    pub run_id: String,
    /// Calls per second, lately.
    pub ops_per_second: f64,
    /// Bytes received per second, lately.
    pub in_per_second: f64,
    /// Bytes sent per second, lately.
    pub out_per_second: f64,
    sample: Sample,
}

#[derive(Clone, Copy, Debug, Default)]
struct Sample {
    at_us: u64,
    commands: u64,
    net_in: u64,
    net_out: u64,
}

/// Arguments of a slow call that are kept, and bytes of each.
pub const SLOW_ARGS: usize = 32;
const SLOW_ARG_BYTES: usize = 128;

impl SlowCall {
    /// An argument as the slow log keeps it.
    pub fn shorten(arg: &[u8]) -> Vec<u8> {
        let mut kept = arg[..arg.len().min(SLOW_ARG_BYTES)].to_vec();
        if arg.len() > SLOW_ARG_BYTES {
            kept.extend_from_slice(format!("... ({} more bytes)", arg.len() - SLOW_ARG_BYTES).as_bytes());
        }
        kept
    }
}

impl Stats {
    /// Zero everywhere.
    pub fn new(clock: &Clock) -> Stats {
        Stats {
            commands: Commands::default(),
            latency: Latency::default(),
            errors: BTreeMap::new(),
            slow: VecDeque::new(),
            next_slow: 0,
            started_ms: clock.now_ms(),
            total_commands: 0,
            total_connections: 0,
            rejected_connections: 0,
            net_in: 0,
            net_out: 0,
            hits: 0,
            misses: 0,
            total_errors: 0,
            delayed_writes: 0,
            error_is_counted: false,
            output_limit_disconnections: 0,
            query_limit_disconnections: 0,
            web_request_ms: 0,
            reads: 0,
            writes: 0,
            peak_memory: 0,
            active_expire: true,
            run_id: cluster::fresh_name(),
            ops_per_second: 0.0,
            in_per_second: 0.0,
            out_per_second: 0.0,
            sample: Sample::default(),
        }
    }

    /// CONFIG RESETSTAT.
    pub fn reset(&mut self) {
        self.commands.clear();
        self.errors.clear();
        for counter in [
            &mut self.total_commands,
            &mut self.total_connections,
            &mut self.rejected_connections,
            &mut self.net_in,
            &mut self.net_out,
            &mut self.hits,
            &mut self.misses,
            &mut self.total_errors,
            &mut self.delayed_writes,
            &mut self.output_limit_disconnections,
            &mut self.query_limit_disconnections,
            &mut self.reads,
            &mut self.writes,
            &mut self.peak_memory,
        ] {
            *counter = 0;
        }
        self.sample = Sample::default();
    }

    /// Counts a call that ran.
    #[inline]
    pub fn count_call(&mut self, spec: &'static Spec, micros: u64, failed: bool, tracked: bool) {
        self.total_commands += 1;
        let stats = self.commands.of(spec);
        stats.calls += 1;
        stats.micros += micros;
        stats.failed += u64::from(failed);
        if tracked {
            stats.durations.record(micros);
        }
    }

    /// Counts a call that a gate refused.
    pub fn count_rejected(&mut self, spec: &'static Spec) {
        self.commands.of(spec).rejected += 1;
    }

    /// Counts a failure of a call that is counted itself when it is over.
    pub fn count_failed(&mut self, spec: &'static Spec) {
        self.commands.of(spec).failed += 1;
    }

    /// Counts an error line under its code. The table is bounded: codes that users can choose are not counted apart.
    pub fn count_error(&mut self, line: &str) {
        self.total_errors += 1;
        let code = line.split(' ').next().unwrap_or("ERR");
        if let Some(count) = self.errors.get_mut(code) {
            *count += 1;
        } else if self.errors.len() < 128 {
            self.errors.insert(code.to_owned(), 1);
        }
    }

    /// Adds a call to the slow log of at most `max` entries.
    pub fn add_slow(&mut self, mut call: SlowCall, max: usize) {
        call.id = self.next_slow;
        self.next_slow += 1;
        self.slow.push_front(call);
        self.slow.truncate(max);
    }

    /// Updates the rates per second; called about ten times a second.
    pub fn sample_rates(&mut self, now_us: u64) {
        let before = self.sample;
        let now = Sample { at_us: now_us, commands: self.total_commands, net_in: self.net_in, net_out: self.net_out };
        self.sample = now;
        let seconds = now_us.saturating_sub(before.at_us) as f64 / 1e6;
        if before.at_us == 0 || seconds <= 0.0 {
            return;
        }
        let mix = |old: f64, new: u64, then: u64| old * 0.8 + new.saturating_sub(then) as f64 / seconds * 0.2;
        self.ops_per_second = mix(self.ops_per_second, now.commands, before.commands);
        self.in_per_second = mix(self.in_per_second, now.net_in, before.net_in);
        self.out_per_second = mix(self.out_per_second, now.net_out, before.net_out);
    }
}
