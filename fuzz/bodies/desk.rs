//! A broker without threads, one step at a time, over a disk in memory: what fuzzed calls are made to.

use brooklet::Reply;
use brooklet::broker::client::{Origin, Traffic};
use brooklet::broker::clock::{Clock, ManualClock};
use brooklet::broker::shared::Shared;
use brooklet::broker::wait::{Answer, Wake};
use brooklet::broker::{settle, work};
use brooklet::command::args::OwnedArgs;
use brooklet::config::Config;
use brooklet::resp::{Protocol, encode};
use brooklet::session::{Outgoing, Seat, Stop};
use brooklet_storage::backend::memory::Memory;
use brooklet_storage::check::{Report, check_records};
use brooklet_storage::checkpoint::{Gathered, Settler};
use brooklet_storage::journal::{Mark, MemoryJournal};
use brooklet_storage::progress::Progress;
use brooklet_storage::store::Store;
use std::sync::Arc;

/// The time at which everything happens that no call moves, Unix milliseconds.
const START_MS: i64 = 1_704_067_200_000;
const DATABASES: usize = 16;
/// What no call may need more of: turns of its own work, or loads.
const STEPS: usize = 10_000;

pub struct Desk {
    pub clock: ManualClock,
    backend: Arc<Memory>,
    journal: MemoryJournal,
    shared: Arc<Shared>,
    settler: Settler,
    seat: Seat,
}

impl Desk {
    pub fn new() -> Desk {
        // Else the first start would choose the key of the hash of names by itself.
        let (backend, first) = (Arc::new(Memory::new()), Store::new(DATABASES, 1));
        let mut settler = Settler::open(backend.clone(), 0).expect("an empty backend");
        settler.complete(Gathered::default(), &first.meta(Mark::default(), 1)).expect("a first checkpoint");
        Desk::over(backend, MemoryJournal::new(), ManualClock::at(START_MS))
    }

    fn over(backend: Arc<Memory>, journal: MemoryJournal, clock: ManualClock) -> Desk {
        let (mut config, time) = (Config::default(), Clock::Manual(clock.clone()));
        // Strings of half a gigabyte are allowed by default, and tell nothing that small ones do not.
        config.prepare("proto-max-bulk-len", "1mb").expect("an option");
        let opened = Shared::by_hand(config, time, backend.clone(), Box::new(journal.clone()));
        let (shared, settler) = opened.expect("what a broker left can be opened");
        let seat = Seat::open(&shared, Origin::in_process()).expect("a seat");
        Desk { clock, backend, journal, shared, settler, seat }
    }

    /// Ends the process and starts another one over what is on the disk.
    pub fn reopen(self) -> Desk {
        let Desk { clock, backend, journal, .. } = self;
        Desk::over(backend, journal, clock)
    }

    /// A checkpoint, and a look at every record that it left.
    pub fn settle(&mut self) {
        let mut gathered = Gathered::default();
        let meta = settle::cut(&self.shared, &self.settler, &mut gathered).expect("a cut");
        settle::complete(&self.shared, &mut self.settler, None, gathered, &meta, None).expect("a checkpoint");
        let mut report = Report::default();
        check_records(&*self.backend, &Progress::default(), &mut report);
        assert!(report.findings.is_empty(), "{:#?}", report.findings);
    }

    /// Another client sits down.
    pub fn change_seats(&mut self) {
        self.seat = Seat::open(&self.shared, Origin::in_process()).expect("a seat");
    }

    /// Makes a call and commits it; none if there is no answer. An error has one line.
    pub fn call<T: AsRef<[u8]>>(&mut self, words: &[T]) -> Option<Reply> {
        let mut reply = self.answered(&OwnedArgs::collect(words))?;
        reply.unfold();
        if matches!(reply, Reply::Error(_)) {
            let mut line = Vec::new();
            encode(&reply, Protocol::Resp2, &mut line);
            assert_eq!(line.iter().filter(|b| **b == b'\n').count(), 1, "{}", line.escape_ascii());
        }
        Some(reply)
    }

    fn answered(&mut self, call: &OwnedArgs) -> Option<Reply> {
        let mut answer = None;
        for _ in 0..STEPS {
            let one = |i| (i == 0).then(|| call.as_args());
            let turn = self.seat.run(one, 0, Traffic::default(), |_, out| {
                if let Outgoing::Reply(reply) = out {
                    answer = Some(reply);
                }
                true
            });
            self.shared.committer().append(self.shared.engine_lock(), turn.ticket).expect("a commit");
            match turn.stop {
                Stop::Turn => return answer,
                Stop::Parked(wake) => return self.waited(wake),
                Stop::Missing(missing) => self.seat.install(self.shared.load(missing).expect("a load")),
                Stop::Close => {
                    self.change_seats();
                    return answer;
                }
                // Nobody writes files or lets time pass here.
                Stop::Errand(_) | Stop::Paused(_) => return None,
            }
        }
        panic!("a call that comes to no end");
    }

    /// What work brings that holds the engine; whoever waits for others gives up.
    fn waited(&mut self, mut wake: Answer) -> Option<Reply> {
        for _ in 0..STEPS {
            let driven = work::drive_step(&self.shared);
            match wake.try_recv() {
                Ok(Wake::Answer(reply, ticket)) => {
                    let mut answer = None;
                    self.seat.woken(reply, |_, reply| answer = Some(reply));
                    self.shared.committer().append(self.shared.engine_lock(), ticket).expect("a commit");
                    return answer;
                }
                Ok(Wake::Load(missing, again)) => {
                    self.seat.resume(self.shared.load(missing).expect("a load"));
                    wake = again;
                }
                Err(_) if driven => {}
                Err(_) => {
                    self.seat.cancel();
                    return None;
                }
            }
        }
        panic!("a call that holds the engine for ever");
    }

    /// Lets time pass: keys and waits come to their ends.
    pub fn pass(&mut self, ms: i64) {
        self.clock.set_ms(self.clock.now_ms().saturating_add(ms));
        let mut engine = self.shared.engine();
        engine.tick();
        let buried = engine.store.take_graveyard();
        drop(engine);
        drop(buried);
    }
}
