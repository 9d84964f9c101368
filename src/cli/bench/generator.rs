//! Runs scripts over connections: threads with one single-threaded runtime each, the warm-up, and the end of the run.

use super::clock;
use super::connection::{Connection, Shared};
use super::interrupt::Interrupt;
use super::schedule::{OpenLoop, Pacer};
use super::tally::Tally;
use super::workload::Script;
use std::io;
use std::net::TcpStream;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use tokio::sync::Notify;
use tokio::task::{JoinSet, LocalSet};

/// After an open loop's last due time, so long is waited for what is unanswered.
const GRACE_NS: u64 = 2_000_000_000;
/// And looked at so often.
const GRACE_STEP_NS: u64 = 1_000_000;

/// A connected socket and what to say on it.
pub(super) struct Speaker {
    pub(super) socket: TcpStream,
    pub(super) script: Box<dyn Script>,
    /// Waits for what others send: neither the schedule nor the budget counts it.
    pub(super) passive: bool,
}

/// When a run ends, and how it is paced.
#[derive(Clone)]
pub(super) struct Course {
    pub(super) pipeline: usize,
    pub(super) threads: usize,
    /// When measuring begins.
    pub(super) measure_ns: u64,
    /// When it ends at the latest.
    pub(super) end_ns: Option<u64>,
    /// Cycles of a closed loop.
    pub(super) budget: Option<Arc<AtomicU64>>,
    pub(super) open: Option<Arc<OpenLoop>>,
}

/// What the threads have seen together.
pub(super) struct Measured {
    pub(super) tally: Tally,
    pub(super) seconds: f64,
    pub(super) interrupted: bool,
    /// Cycles of an open loop that fell due and were not answered.
    pub(super) unfinished: u64,
}

/// The measured time of one thread.
struct Span {
    from_ns: u64,
    until_ns: u64,
    interrupted: bool,
}

/// Runs `speakers` to the end of `course`; `at_measure` is called when the warm-up is over.
pub(super) fn run(
    speakers: Vec<Speaker>,
    course: &Course,
    interrupt: &Interrupt,
    at_measure: impl FnOnce(),
) -> io::Result<Measured> {
    let mut shares: Vec<Vec<(u64, Speaker)>> = (0..course.threads).map(|_| vec![]).collect();
    let mut paced = 0;
    for (i, speaker) in speakers.into_iter().enumerate() {
        let index = paced;
        paced += u64::from(!speaker.passive);
        shares[i % course.threads].push((index, speaker));
    }
    let ticks: Vec<Arc<Notify>> = shares.iter().map(|_| Arc::default()).collect();
    let parts: Vec<io::Result<(Tally, Span)>> = std::thread::scope(|scope| {
        let threads: Vec<_> = shares
            .into_iter()
            .zip(&ticks)
            .map(|(share, tick)| scope.spawn(|| generate(share, course, interrupt.clone(), Arc::clone(tick))))
            .collect();
        let pacer = course.open.as_ref().map(|open| Pacer::start(open.schedule, ticks.clone()));
        clock::sleep_until(course.measure_ns);
        at_measure();
        let parts = threads.into_iter().map(|t| t.join().unwrap_or_else(|_| Err(io::Error::other("a generator died"))));
        let parts = parts.collect();
        drop(pacer);
        parts
    });
    merge(parts, course)
}

fn merge(parts: Vec<io::Result<(Tally, Span)>>, course: &Course) -> io::Result<Measured> {
    let mut tally = Tally::new()?;
    let (mut from_ns, mut until_ns, mut interrupted) = (u64::MAX, 0, false);
    for part in parts {
        let (part, span) = part?;
        tally.merge(part)?;
        from_ns = from_ns.min(span.from_ns);
        until_ns = until_ns.max(span.until_ns);
        interrupted |= span.interrupted;
    }
    Ok(Measured {
        tally,
        seconds: until_ns.saturating_sub(from_ns) as f64 / 1e9,
        interrupted,
        unfinished: course.open.as_ref().map_or(0, |open| open.unfinished(until_ns)),
    })
}

fn generate(
    share: Vec<(u64, Speaker)>,
    course: &Course,
    interrupt: Interrupt,
    tick: Arc<Notify>,
) -> io::Result<(Tally, Span)> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let local = LocalSet::new();
    local.block_on(&runtime, async {
        let shared = Rc::new(Shared::new(course.budget.clone(), course.open.clone())?);
        let (tasks, sleepers) = start(share, course, &shared)?;
        if let Some(open) = &course.open {
            tokio::task::spawn_local(dispatch(Arc::clone(open), sleepers, tick));
        }
        let span = watch(tasks, course, &shared, interrupt).await;
        Ok((shared.tally.replace(Tally::new()?), span))
    })
}

/// The paced connections of one thread, each in the place of its index.
type Sleepers = Vec<Option<Rc<Notify>>>;

fn start(
    share: Vec<(u64, Speaker)>,
    course: &Course,
    shared: &Rc<Shared>,
) -> io::Result<(JoinSet<io::Result<()>>, Sleepers)> {
    let (mut tasks, mut sleepers) = (JoinSet::new(), Sleepers::new());
    for (index, speaker) in share {
        speaker.socket.set_nonblocking(true)?;
        let socket = tokio::net::TcpStream::from_std(speaker.socket)?;
        let connection = Connection::new(socket, speaker.script, Rc::clone(shared), course.pipeline);
        match &course.open {
            _ if speaker.passive => tasks.spawn_local(connection.passive()),
            None => tasks.spawn_local(connection.closed()),
            Some(open) => {
                let wake = Rc::new(Notify::new());
                sleepers.resize(sleepers.len().max(index as usize + 1), None);
                sleepers[index as usize] = Some(Rc::clone(&wake));
                tasks.spawn_local(connection.open(index, wake, Arc::clone(open)))
            }
        };
    }
    Ok((tasks, sleepers))
}

/// Wakes the connections whose cycles have fallen due at each tick of the pacer.
async fn dispatch(open: Arc<OpenLoop>, sleepers: Sleepers, tick: Arc<Notify>) {
    let mut woken = 0;
    loop {
        tick.notified().await;
        let due = open.schedule.due_by(clock::now_ns());
        // However many cycles are due, each connection is woken once: it counts for itself.
        for cycle in woken..due.min(woken + open.schedule.connections) {
            let sleeper = sleepers.get((cycle % open.schedule.connections) as usize);
            if let Some(Some(wake)) = sleeper {
                wake.notify_one();
            }
        }
        woken = due;
    }
}

/// Waits for the end, whichever comes first: all connections done, time over, or Ctrl-C.
async fn watch(tasks: JoinSet<io::Result<()>>, course: &Course, shared: &Shared, interrupt: Interrupt) -> Span {
    let (mut tasks, mut interrupt) = (tasks, interrupt);
    let (mut from_ns, mut interrupted) = (clock::now_ns(), false);
    let mut warming = course.measure_ns > from_ns;
    let mut look_ns = course.end_ns;
    loop {
        tokio::select! {
            Ok(_) = interrupt.wait_for(|stop| *stop) => {
                interrupted = true;
                break;
            }
            () = sleep_until(Some(course.measure_ns)), if warming => {
                warming = false;
                from_ns = clock::now_ns();
                shared.tally.borrow_mut().end_warm_up();
            }
            () = sleep_until(look_ns) => {
                let now_ns = clock::now_ns();
                let late = course.end_ns.is_none_or(|end_ns| now_ns > end_ns + GRACE_NS);
                if late || course.open.as_ref().is_none_or(|open| open.all_finished()) {
                    break;
                }
                look_ns = Some(now_ns + GRACE_STEP_NS);
            }
            joined = tasks.join_next() => match joined {
                None => break,
                Some(Ok(Ok(()))) => {}
                Some(Ok(Err(e))) => shared.tally.borrow_mut().error(|| e.to_string()),
                Some(Err(e)) => shared.tally.borrow_mut().error(|| e.to_string()),
            },
        }
    }
    Span { from_ns, until_ns: clock::now_ns(), interrupted }
}

/// Waits until `at_ns`; for ever without one.
async fn sleep_until(at_ns: Option<u64>) {
    match at_ns {
        Some(at_ns) => tokio::time::sleep_until(clock::instant(at_ns).into()).await,
        None => std::future::pending().await,
    }
}
