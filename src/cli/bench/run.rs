//! One run against one server: puts in place what the workload needs, connects, runs and takes the figures.

use super::admin::Admin;
use super::clock;
use super::figures::Figures;
use super::generator::{self, Course, Speaker};
use super::interrupt::Interrupt;
use super::load::{Load, Release, Target, Workload};
use super::payload::Payloads;
use super::process::{self, Sample};
use super::schedule::{OpenLoop, Schedule};
use super::workload::{self, Consumer, Fill, Flat, Group, Lock, Producer, ReleasePart, Script, Tape, What, Xrange};
use std::io;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

/// Connections and pipeline of filling in.
const FILL_CONNECTIONS: u64 = 8;
const FILL_PIPELINE: usize = 64;
/// So long the threads have to start before the first due time.
const START_NS: u64 = 5_000_000;

/// Runs `load` against `target`.
pub(super) fn run(target: &Target, load: &Load, interrupt: &Interrupt) -> io::Result<Figures> {
    let mut admin = Admin::connect(target.address, load)?;
    let pid = target.pid.or_else(|| local_process(target, &mut admin));
    if load.flush {
        admin.must(&["FLUSHALL"])?;
    }
    let release = prepare(target, load, &mut admin, interrupt)?;
    let _always = load.always.then(|| Always::begin(target, load)).transpose()?;
    let speakers = connect(target, load, scripts(load, &release))?;
    let mut before = (None, None);
    let measured = generator::run(speakers, &course(load), interrupt, || before = samples(pid))?;
    let after = samples(pid);
    let used = |now: Option<Sample>, then: Option<Sample>| Some(now?.since(&then?));
    Ok(Figures::new(measured, used(after.0, before.0), used(after.1, before.1)))
}

/// A server that syncs before it answers, as long as this lives.
struct Always(Admin);

impl Always {
    fn begin(target: &Target, load: &Load) -> io::Result<Always> {
        let mut admin = Admin::connect(target.address, load)?;
        admin.must(&["CONFIG", "SET", "appendfsync", "always"])?;
        Ok(Always(admin))
    }
}

impl Drop for Always {
    fn drop(&mut self) {
        // Should it fail, the server is gone.
        let _ = self.0.must(&["CONFIG", "SET", "appendfsync", "everysec"]);
    }
}

fn local_process(target: &Target, admin: &mut Admin) -> Option<u32> {
    let info = target.address.ip().is_loopback().then(|| admin.text(&["INFO", "server"]))?.ok()?;
    process::named_by_info(&info)
}

/// Of the server and of the generator.
fn samples(pid: Option<u32>) -> (Option<Sample>, Option<Sample>) {
    (pid.and_then(Sample::of), Sample::of(std::process::id()))
}

/// Puts in place what the workload reads; returns how its locks are released.
fn prepare(target: &Target, load: &Load, admin: &mut Admin, interrupt: &Interrupt) -> io::Result<Vec<ReleasePart>> {
    let streams = || (0..load.keys).map(|k| workload::key("stream", k));
    match load.workload {
        Workload::Ping | Workload::Set | Workload::Xadd => {}
        Workload::Get => fill(target, load, What::Strings, interrupt)?,
        Workload::Lock => {
            let script = match load.release {
                Release::Eval => admin.text(&["SCRIPT", "LOAD", workload::RELEASE_SCRIPT])?,
                _ => String::new(),
            };
            return Ok(workload::release_form(load.release, &script));
        }
        Workload::Group | Workload::Xrange => {
            streams().try_for_each(|key| admin.must(&["DEL", &key]))?;
            fill(target, load, What::Streams(entries_per_stream(load)), interrupt)?;
        }
        Workload::Delay => streams().try_for_each(|key| admin.must(&["DEL", &key]))?,
    }
    if matches!(load.workload, Workload::Group | Workload::Delay) {
        let group = String::from_utf8_lossy(workload::GROUP);
        streams().try_for_each(|key| admin.must(&["XGROUP", "CREATE", &key, &group, "0", "MKSTREAM"]))?;
    }
    Ok(vec![])
}

fn entries_per_stream(load: &Load) -> u64 {
    load.entries.div_ceil(load.keys)
}

fn payloads(load: &Load) -> Payloads {
    Payloads::new(load.payload_kind, load.payload, 42)
}

fn fill(target: &Target, load: &Load, what: What, interrupt: &Interrupt) -> io::Result<()> {
    let (connections, mut payloads) = (load.keys.min(FILL_CONNECTIONS), payloads(load));
    let scripts = (0..connections)
        .map(|i| (Box::new(Fill::new(what, i, connections, load.keys, &mut payloads)) as Box<dyn Script>, false));
    let speakers = connect(target, load, scripts.collect())?;
    let now_ns = clock::now_ns();
    let course =
        Course { pipeline: FILL_PIPELINE, threads: 1, measure_ns: now_ns, end_ns: None, budget: None, open: None };
    let filled = generator::run(speakers, &course, interrupt, || ())?;
    match filled.tally.first_error {
        Some(error) => Err(io::Error::other(format!("filling in: {error}"))),
        None if filled.interrupted => Err(io::Error::new(io::ErrorKind::Interrupted, "interrupted while filling in")),
        None => Ok(()),
    }
}

/// The script of each connection, and whether it is passive.
fn scripts(load: &Load, release: &[ReleasePart]) -> Vec<(Box<dyn Script>, bool)> {
    let tape = Arc::new(Tape::new(load));
    let mut payloads = payloads(load);
    let producers = if load.workload == Workload::Delay { load.producers } else { 0 };
    let producing = (0..producers)
        .map(|i| (Box::new(Producer::new(load.keys, &mut payloads, i as u64)) as Box<dyn Script>, false))
        .collect::<Vec<_>>();
    let others = (0..load.clients).map(|i| {
        let (seed, stream) = (i as u64, i as u64 % load.keys);
        let script: Box<dyn Script> = match load.workload {
            Workload::Group => Box::new(Group::new(stream, i, load.count)),
            Workload::Lock => Box::new(Lock::new(release.to_vec(), load.keys, seed)),
            Workload::Xrange => Box::new(Xrange::new(load.keys, entries_per_stream(load), load.count, seed)),
            Workload::Delay => Box::new(Consumer::new(stream, i, load.count)),
            _ => Box::new(Flat::new(Arc::clone(&tape), seed)),
        };
        (script, load.workload == Workload::Delay)
    });
    producing.into_iter().chain(others).collect()
}

fn connect(target: &Target, load: &Load, scripts: Vec<(Box<dyn Script>, bool)>) -> io::Result<Vec<Speaker>> {
    let connect = |(script, passive)| {
        let socket = Admin::connect(target.address, load)?.into_socket();
        Ok(Speaker { socket, script, passive })
    };
    scripts.into_iter().map(connect).collect()
}

fn course(load: &Load) -> Course {
    let seconds_ns = |seconds: f64| (seconds * 1e9) as u64;
    let start_ns = clock::now_ns() + START_NS;
    // Without a warm-up everything counts from the first request.
    let measure_ns = if load.warm_up_s > 0.0 { start_ns + seconds_ns(load.warm_up_s) } else { clock::now_ns() };
    let end_ns = load.seconds.map(|seconds| measure_ns.max(start_ns) + seconds_ns(seconds));
    let open = load.rate.map(|rate| {
        let gap_ns = 1e9 / rate;
        let in_time = end_ns.map_or(u64::MAX, |end_ns| ((end_ns - start_ns) as f64 / gap_ns) as u64);
        let connections = if load.workload == Workload::Delay { load.producers } else { load.clients } as u64;
        // `group` ends when its stream is drained, whatever the schedule holds.
        let total = in_time.min(load.requests.unwrap_or(u64::MAX)).max(1);
        Schedule { start_ns, gap_ns, connections, total }
    });
    Course {
        pipeline: load.pipeline,
        threads: load.threads,
        measure_ns,
        end_ns: open.map_or(end_ns, |open| (open.total < u64::MAX).then(|| open.due_ns(open.total))),
        budget: load.requests.filter(|_| open.is_none()).map(|requests| Arc::new(AtomicU64::new(requests))),
        open: open.map(|schedule| Arc::new(OpenLoop::new(schedule))),
    }
}
