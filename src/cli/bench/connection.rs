//! One connection to the server: sends what its script writes and hands it the replies. Never blocks on a full socket
//! without reading, so that a server which waits for its answers to be taken is not waited for in turn.

use super::clock;
use super::replies::{Counter, Kind};
use super::schedule::OpenLoop;
use super::tally::Tally;
use super::workload::{Answer, Script};
use std::cell::RefCell;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::Notify;

/// What is read from a socket at once; one buffer serves all connections of a thread.
const READ_BYTES: usize = 256 << 10;
/// A longer reply to a script that reads replies ends the connection.
const MAX_REPLY_BYTES: usize = 256 << 20;

/// What the connections of one generator thread share.
pub(super) struct Shared {
    pub(super) tally: RefCell<Tally>,
    scratch: RefCell<Vec<u8>>,
    /// Cycles of a closed loop that may still begin, over all threads.
    budget: Option<Arc<AtomicU64>>,
    open: Option<Arc<OpenLoop>>,
}

impl Shared {
    pub(super) fn new(budget: Option<Arc<AtomicU64>>, open: Option<Arc<OpenLoop>>) -> io::Result<Shared> {
        let scratch = RefCell::new(vec![0; READ_BYTES]);
        Ok(Shared { tally: RefCell::new(Tally::new()?), scratch, budget, open })
    }

    /// How many of `wanted` cycles may begin.
    fn claim(&self, wanted: usize) -> usize {
        let Some(budget) = &self.budget else { return wanted };
        let take = |left: u64| Some(left.saturating_sub(wanted as u64));
        let left = budget.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take).unwrap_or(0);
        usize::try_from(left).map_or(wanted, |left| left.min(wanted))
    }
}

/// A socket and its script.
pub(super) struct Connection {
    socket: TcpStream,
    script: Box<dyn Script>,
    shared: Rc<Shared>,
    pipeline: usize,
    counter: Counter,
    out: Vec<u8>,
    sent: usize,
    /// The beginning of a reply that is not whole yet, if the script reads replies.
    held: Vec<u8>,
    /// Replies still to come.
    awaiting: usize,
    /// When the cycles under way fell due. In an open loop of overlapping cycles it is computed instead.
    due_ns: u64,
    /// Number among the paced connections, and replies so far: they give the due time of the next reply.
    paced: Option<(u64, u64)>,
}

impl Connection {
    pub(super) fn new(socket: TcpStream, script: Box<dyn Script>, shared: Rc<Shared>, pipeline: usize) -> Connection {
        Connection {
            socket,
            script,
            shared,
            pipeline,
            counter: Counter::new(),
            out: vec![],
            sent: 0,
            held: vec![],
            awaiting: 0,
            due_ns: 0,
            paced: None,
        }
    }

    /// Begins cycles as soon as the last ones are over, while the budget lasts.
    pub(super) async fn closed(mut self) -> io::Result<()> {
        loop {
            let cycles = self.shared.claim(self.pipeline);
            if cycles == 0 || !self.cycle(cycles, clock::now_ns()).await? {
                return Ok(());
            }
        }
    }

    /// Asks for ever, outside any budget or schedule: one that waits for what others send.
    pub(super) async fn passive(mut self) -> io::Result<()> {
        while self.cycle(1, clock::now_ns()).await? {}
        Ok(())
    }

    /// Begins cycles when they fall due; `wake` tells that one may have. `index` counts the paced connections.
    pub(super) async fn open(mut self, index: u64, wake: Rc<Notify>, open: Arc<OpenLoop>) -> io::Result<()> {
        let (overlaps, mut begun) = (self.script.overlaps(), 0);
        self.paced = overlaps.then_some((index, 0));
        loop {
            let next = open.schedule.cycle(index, begun).map(|cycle| open.schedule.due_ns(cycle));
            match next {
                Some(due_ns) if due_ns <= clock::now_ns() && self.awaiting < self.pipeline => {
                    begun += 1;
                    if overlaps {
                        self.awaiting += self.script.begin(1, due_ns, &mut self.out);
                    } else if !self.cycle(1, due_ns).await? {
                        open.drained.store(true, Ordering::Relaxed);
                        return Ok(());
                    }
                }
                None if self.awaiting == 0 => return Ok(()),
                Some(_) if self.awaiting == 0 => wake.notified().await,
                Some(_) if self.awaiting < self.pipeline => tokio::select! {
                    biased;
                    exchanged = self.exchange() => exchanged?,
                    () = wake.notified() => {}
                },
                _ => self.exchange().await?,
            }
        }
    }

    /// Runs whole cycles; false when the script has nothing more to do.
    async fn cycle(&mut self, cycles: usize, due_ns: u64) -> io::Result<bool> {
        self.due_ns = due_ns;
        self.awaiting = self.script.begin(cycles, due_ns, &mut self.out);
        let any = self.awaiting > 0;
        while self.awaiting > 0 {
            while self.awaiting > 0 {
                self.exchange().await?;
            }
            self.awaiting = self.script.proceed(&mut self.out);
        }
        Ok(any)
    }

    /// Sends what there is to send, waits until something arrives, and takes it.
    async fn exchange(&mut self) -> io::Result<()> {
        std::future::poll_fn(|context| self.poll_exchange(context)).await
    }

    fn poll_exchange(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.send(context)?;
        let shared = Rc::clone(&self.shared);
        let mut scratch = shared.scratch.borrow_mut();
        let mut buffer = ReadBuf::new(&mut scratch);
        ready!(Pin::new(&mut self.socket).poll_read(context, &mut buffer))?;
        if buffer.filled().is_empty() {
            return Poll::Ready(Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the server closed a connection")));
        }
        Poll::Ready(self.take(buffer.filled()))
    }

    fn send(&mut self, context: &mut Context<'_>) -> io::Result<()> {
        while self.sent < self.out.len() {
            match Pin::new(&mut self.socket).poll_write(context, &self.out[self.sent..])? {
                Poll::Ready(written) => self.sent += written,
                Poll::Pending => return Ok(()),
            }
        }
        self.out.clear();
        self.sent = 0;
        Ok(())
    }

    fn take(&mut self, chunk: &[u8]) -> io::Result<()> {
        let shared = Rc::clone(&self.shared);
        let mut tally = shared.tally.borrow_mut();
        let (now_ns, before) = (clock::now_ns(), tally.operations + tally.errors);
        let (mut at, mut start) = (0, 0);
        while let Some(kind) = self.counter.next(chunk, &mut at).map_err(invalid)? {
            let part = &chunk[std::mem::replace(&mut start, at)..at];
            if self.held.is_empty() {
                self.answer(kind, part, now_ns, &mut tally)?;
            } else {
                let mut whole = std::mem::take(&mut self.held);
                whole.extend_from_slice(part);
                self.answer(kind, &whole, now_ns, &mut tally)?;
            }
        }
        if let Some(open) = &self.shared.open {
            open.finished.fetch_add(tally.operations + tally.errors - before, Ordering::Relaxed);
        }
        self.hold(&chunk[start..])
    }

    fn answer(&mut self, kind: Kind, bytes: &[u8], now_ns: u64, tally: &mut Tally) -> io::Result<()> {
        if kind == Kind::Push {
            return Ok(());
        }
        self.awaiting = self.awaiting.checked_sub(1).ok_or_else(|| invalid("a reply that nothing asked for"))?;
        if kind == Kind::Error {
            tally.error(|| self.counter.first_error().unwrap_or_default());
        }
        let due_ns = self.due_of_next_reply();
        self.script.answer(&Answer { kind, bytes, due_ns, now_ns }, tally);
        Ok(())
    }

    fn due_of_next_reply(&mut self) -> u64 {
        match (&mut self.paced, &self.shared.open) {
            (Some((index, answered)), Some(open)) => {
                let cycle = *answered * open.schedule.connections + *index;
                *answered += 1;
                open.schedule.due_ns(cycle)
            }
            _ => self.due_ns,
        }
    }

    fn hold(&mut self, rest: &[u8]) -> io::Result<()> {
        if self.script.reads_replies() && !rest.is_empty() {
            self.held.extend_from_slice(rest);
            if self.held.len() > MAX_REPLY_BYTES {
                return Err(invalid("a reply above 256 MiB"));
            }
        }
        Ok(())
    }
}

fn invalid(why: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why)
}
