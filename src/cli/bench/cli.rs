//! The command line of `brooklet bench`, and the defaults that depend on other options.

use super::load::{Load, PayloadKind, Release, Target, Workload};
use super::table::{self, Bar, Row};
use clap::{Args, Parser, Subcommand};

/// Measures a server that speaks the Redis protocol
///
/// Without --rate the loop is closed: a connection sends, waits for its replies and sends again, so a slow server is
/// asked less. With --rate it is open: cycles fall due on a schedule and latency counts from the due time.
#[derive(Debug, Parser)]
#[command(name = "brooklet bench", no_binary_name = true, args_conflicts_with_subcommands = true)]
pub(super) struct Cli {
    #[command(subcommand)]
    pub(super) compare: Option<Mode>,
    #[command(flatten)]
    pub(super) single: Single,
}

#[derive(Debug, Subcommand)]
pub(super) enum Mode {
    /// Run against several servers in alternation; print medians and ratios to the first
    Compare(Compare),
}

/// One server.
#[derive(Args, Debug)]
pub(super) struct Single {
    /// The server, host:port
    #[arg(long, short = 'a', default_value = "127.0.0.1:6379")]
    pub(super) address: String,
    /// The server's process, for CPU, memory and disk figures (else as INFO says, when the address is local)
    #[arg(long)]
    pub(super) pid: Option<u32>,
    #[command(flatten)]
    pub(super) plan: Plan,
}

/// Several servers.
#[derive(Args, Debug)]
pub(super) struct Compare {
    /// A server, name=host:port[:pid]; give it again for each; the first is the base of the ratios
    #[arg(long = "target", short = 't', required = true)]
    pub(super) targets: Vec<Target>,
    /// Rounds; each runs every server once
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub(super) rounds: u32,
    #[command(flatten)]
    pub(super) plan: Plan,
}

/// What to run, and how to tell.
#[derive(Args, Debug)]
pub(super) struct Plan {
    /// What each connection does
    #[arg(value_enum, required_unless_present = "table")]
    workload: Option<Workload>,
    /// Run the table instead of one workload: each row with a bar for the second server, and a verdict
    #[arg(long, conflicts_with = "workload")]
    table: bool,
    /// Rows of the table whose title holds this text, and no others
    #[arg(long, requires = "table")]
    only: Option<String>,
    /// Each row of the table as short as it says anything at all
    #[arg(long, requires = "table")]
    quick: bool,
    /// One JSON object a line instead of tables
    #[arg(long)]
    pub(super) json: bool,
    #[command(flatten)]
    load: LoadArgs,
}

#[derive(Args, Clone, Debug)]
pub(super) struct LoadArgs {
    /// Connections (delay: consumers)
    #[arg(long, short, default_value_t = 50, value_parser = at_least_one)]
    pub(super) clients: usize,
    /// Requests in one round trip [default: 1]; with --rate, unanswered requests of one connection [default: 128]
    #[arg(long, short = 'P', value_parser = at_least_one)]
    pub(super) pipeline: Option<usize>,
    /// Stop after this many operations
    #[arg(long, short = 'n')]
    pub(super) requests: Option<u64>,
    /// Stop after this time [default: 5, but group: when drained]
    #[arg(long, short, value_parser = seconds)]
    pub(super) seconds: Option<f64>,
    /// Seconds before measuring [default: 0.5; with --requests and for group: 0]
    #[arg(long, value_parser = seconds)]
    pub(super) warm_up: Option<f64>,
    /// Payload bytes
    #[arg(long, short = 'd', default_value_t = 100)]
    pub(super) payload: usize,
    #[arg(long, value_enum, default_value = "random")]
    pub(super) payload_kind: PayloadKind,
    /// Generator threads: connections are shared out
    #[arg(long, default_value_t = 1, value_parser = at_least_one)]
    pub(super) threads: usize,
    /// Cycles a second over all connections, on a schedule (open loop) [default for delay: 1000; 0: as fast as it goes]
    #[arg(long, value_parser = rate)]
    pub(super) rate: Option<f64>,
    /// CONFIG SET appendfsync always for the time of each run, then everysec
    #[arg(long)]
    pub(super) always: bool,
    /// Protocol version
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u8).range(2..=3))]
    pub(super) resp: u8,
    /// Distinct keys or streams [default: get, set 10000; lock 1000000; else 1]
    #[arg(long, short, value_parser = clap::value_parser!(u64).range(1..1_000_000_000_000))]
    pub(super) keys: Option<u64>,
    /// COUNT of group and xrange
    #[arg(long, default_value_t = 10, value_parser = at_least_one)]
    pub(super) count: usize,
    /// Entries filled in before group and xrange
    #[arg(long, default_value_t = 200_000, value_parser = clap::value_parser!(u64).range(1..))]
    pub(super) entries: u64,
    /// Producing connections of delay
    #[arg(long, default_value_t = 1, value_parser = at_least_one)]
    pub(super) producers: usize,
    #[arg(long, value_enum, default_value = "eval")]
    pub(super) release: Release,
    /// FLUSHALL before each run
    #[arg(long)]
    pub(super) flush: bool,
    /// Whom to log in as
    #[arg(long)]
    pub(super) user: Option<String>,
    /// The password; better given in the variable REDISCLI_AUTH, as redis-cli takes it, than seen in the process list
    #[arg(long)]
    pub(super) password: Option<String>,
}

fn at_least_one(text: &str) -> Result<usize, String> {
    text.parse().ok().filter(|&n| n > 0).ok_or_else(|| "want a whole number above 0".to_owned())
}

fn seconds(text: &str) -> Result<f64, String> {
    text.parse().ok().filter(|s| (0.0..=1e6).contains(s)).ok_or_else(|| "want seconds from 0 to 1000000".to_owned())
}

fn rate(text: &str) -> Result<f64, String> {
    text.parse()
        .ok()
        .filter(|r| *r == 0.0 || (0.001..=1e8).contains(r))
        .ok_or_else(|| "want cycles a second".to_owned())
}

impl Plan {
    /// The runs asked for, one after the other.
    pub(super) fn rows(&self) -> Vec<Row> {
        match self.workload {
            Some(workload) if !self.table => vec![Row { load: self.load.settle(workload), bar: Bar::default() }],
            _ => {
                let mut rows = table::rows(&self.load, self.quick);
                rows.retain(|row| self.only.as_ref().is_none_or(|only| row.load.title().contains(only)));
                rows
            }
        }
    }
}

impl LoadArgs {
    pub(super) fn settle(&self, workload: Workload) -> Load {
        let a = self.clone();
        let rate = a.rate.or((workload == Workload::Delay).then_some(1000.0)).filter(|rate| *rate > 0.0);
        let drains = workload == Workload::Group;
        let by_time = a.requests.is_none() && !drains;
        Load {
            workload,
            clients: a.clients,
            pipeline: a.pipeline.unwrap_or(if rate.is_some() { 128 } else { 1 }),
            requests: a.requests,
            seconds: a.seconds.or(by_time.then_some(5.0)),
            warm_up_s: a.warm_up.unwrap_or(if by_time { 0.5 } else { 0.0 }),
            payload: a.payload,
            payload_kind: a.payload_kind,
            threads: a.threads.min(a.clients),
            rate,
            always: a.always,
            resp: a.resp,
            keys: a.keys.unwrap_or(workload.default_keys()),
            count: a.count,
            entries: a.entries,
            producers: a.producers,
            release: a.release,
            flush: a.flush,
            user: a.user,
            password: a.password.or_else(|| std::env::var("REDISCLI_AUTH").ok()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_definition_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn defaults_depend_on_the_workload() {
        let load = |words: &[&str]| Cli::try_parse_from(words).unwrap().single.plan.rows().remove(0).load;
        assert_eq!(load(&["xadd"]).seconds, Some(5.0));
        assert_eq!(load(&["group"]).seconds, None);
        assert_eq!(load(&["set", "-n", "10"]).seconds, None);
        assert_eq!((load(&["delay"]).rate, load(&["delay"]).pipeline), (Some(1000.0), 128));
        assert_eq!(load(&["lock"]).keys, 1_000_000);
    }

    #[test]
    fn compare_takes_targets_and_the_table() {
        let words = ["compare", "--target", "a=127.0.0.1:1", "-t", "b=127.0.0.1:2:3", "--table", "--flush"];
        let Some(Mode::Compare(compare)) = Cli::try_parse_from(words).unwrap().compare else { panic!() };
        assert_eq!(compare.targets.len(), 2);
        let rows = compare.plan.rows();
        assert!(rows.len() > 25 && rows.iter().all(|row| row.load.flush && row.bar != Bar::default()));
        assert!(Cli::try_parse_from(["compare", "-t", "a=127.0.0.1:1"]).is_err());
        assert!(Cli::try_parse_from(["--table", "ping"]).is_err());
    }
}
