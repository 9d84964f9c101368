//! A client in this process: calls in, replies out, with the waiting in between.

use super::Error;
use crate::broker::client::Traffic;
use crate::broker::commit::First;
use crate::broker::wait::{Answer, Wake};
use crate::command::args::OwnedArgs;
use crate::reply::Reply;
use crate::session::{Outgoing, Seat, Stop};
use std::sync::Arc;
use std::task::{Context, Poll, Wake as WakeTask, Waker};
use std::time::Duration;

/// A client of a [`super::Broker`] in the same process.
pub struct Session {
    pub(super) seat: Seat,
}

impl Session {
    pub(super) fn new(seat: Seat) -> Session {
        Session { seat }
    }

    /// Calls a command and blocks this thread until its reply may leave: `session.call(["XLEN", "s"])?`.
    /// A command that was refused is [`Error::Refused`].
    pub fn call<T: AsRef<[u8]>>(&self, args: impl IntoIterator<Item = T>) -> Result<Reply, Error> {
        block_on(self.call_async(args))
    }

    /// [`Session::call`] as a future, for any runtime.
    pub async fn call_async<T: AsRef<[u8]>>(&self, args: impl IntoIterator<Item = T>) -> Result<Reply, Error> {
        let call = OwnedArgs::collect(args);
        match self.run(&call).await? {
            Some(Reply::Error(line)) => Err(Error::Refused(line.into_owned())),
            Some(mut reply) => {
                reply.unfold();
                Ok(reply)
            }
            None => Ok(Reply::Null),
        }
    }

    async fn run(&self, call: &OwnedArgs) -> Result<Option<Reply>, Error> {
        loop {
            let mut reply = None;
            if self.seat.is_killed() || self.seat.shared().tasks().ending().is_some() {
                return Err(Error::Ended);
            }
            let one = |i| (i == 0).then(|| call.as_args());
            let turn = self.seat.run(one, 0, Traffic::default(), |_, out| {
                if let Outgoing::Reply(answer) = out {
                    reply = Some(answer);
                }
                true
            });
            self.commit(turn.ticket).await?;
            match turn.stop {
                Stop::Turn | Stop::Close => return Ok(reply),
                Stop::Parked(wake) => return self.wait(wake).await,
                Stop::Missing(missing) => {
                    let loaded = self.seat.shared().load(missing).map_err(|e| Error::Stopped(e.to_string()))?;
                    self.seat.install(loaded);
                }
                Stop::Errand(errand) => {
                    let mut answer = None;
                    self.seat.woken(errand.run(self.seat.shared()), |_, r| answer = Some(r));
                    return Ok(answer);
                }
                Stop::Paused(_) => std::thread::sleep(Duration::from_millis(1)),
            }
        }
    }

    pub(super) async fn commit(&self, ticket: u64) -> Result<(), Error> {
        let shared = self.seat.shared();
        let committed = shared.committer().committed(shared.engine_lock(), ticket, First::Nobody).await;
        committed.map_err(|e| Error::Stopped(e.to_string()))
    }

    async fn wait(&self, mut wake: Answer) -> Result<Option<Reply>, Error> {
        // A caller that drops the future must not leave a waiter that takes what others would get.
        let _cancel = CancelOnDrop(&self.seat);
        loop {
            let woken = tokio::select! {
                biased;
                woken = &mut wake => woken,
                () = self.seat.outside().notified() => {
                    if self.seat.is_killed() {
                        return Err(Error::Ended);
                    }
                    continue;
                }
            };
            match woken {
                Ok(Wake::Answer(reply, ticket)) => {
                    let mut answer = None;
                    self.seat.woken(reply, |_, r| answer = Some(r));
                    self.commit(ticket).await?;
                    return Ok(answer);
                }
                Ok(Wake::Load(missing, again)) => {
                    let loaded = self.seat.shared().load(missing).map_err(|e| Error::Stopped(e.to_string()))?;
                    self.seat.resume(loaded);
                    wake = again;
                }
                Err(_) => return Err(Error::Ended),
            }
        }
    }

    /// The client's number, as CLIENT ID answers it.
    pub fn id(&self) -> u64 {
        self.seat.id()
    }
}

struct CancelOnDrop<'a>(&'a Seat);

impl Drop for CancelOnDrop<'_> {
    fn drop(&mut self) {
        self.0.cancel();
    }
}

struct Unpark(std::thread::Thread);

impl WakeTask for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// Runs a future on this thread. A session needs no runtime: it only waits for channels.
pub(super) fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = std::pin::pin!(future);
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    let mut context = Context::from_waker(&waker);
    loop {
        match future.as_mut().poll(&mut context) {
            Poll::Ready(output) => return output,
            Poll::Pending => std::thread::park(),
        }
    }
}
