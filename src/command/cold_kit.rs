//! A broker for tests whose data is only on disk, driven call by call: what loads a call takes is seen and counted.

use crate::broker::client::{ClientId, Origin};
use crate::broker::clock::{Clock, ManualClock};
use crate::broker::tasks::Tasks;
use crate::broker::wait::{Answer, Wake};
use crate::broker::work::Left;
use crate::broker::{Engine, Executed};
use crate::command::args::OwnedArgs;
use crate::command::dispatch::dispatch;
use crate::config::Config;
use crate::reply::Reply;
use brooklet_storage::backend::Backend;
use brooklet_storage::backend::memory::Memory;
use brooklet_storage::checkpoint::Gathered;
use brooklet_storage::journal::{Mark, MemoryJournal};
use brooklet_storage::load::Missing;
use brooklet_storage::open::open;
use std::sync::Arc;

/// A broker, and one client of it.
pub struct Broker {
    pub engine: Engine,
    pub client: ClientId,
    pub backend: Arc<dyn Backend>,
    pub loads: usize,
    /// Steps of work that held the engine.
    pub held_steps: usize,
    /// Bytes of chunks that stay when something is loaded: most of what earlier loads brought is gone again.
    pub cache: usize,
}

impl Broker {
    /// A broker that begins with what `calls` wrote, none of it in memory.
    pub fn after(calls: &[&str]) -> Broker {
        Broker::settled(calls, |_| ())
    }

    /// The same; `more` is done behind the calls.
    pub fn settled(calls: &[&str], more: impl Fn(&mut Broker)) -> Broker {
        let backend: Arc<dyn Backend> = Arc::new(Memory::new());
        let opened = open(Arc::clone(&backend), &mut MemoryJournal::new(), 16, Default::default()).unwrap();
        let mut settler = opened.settler;
        let mut broker = Broker::over(opened.store, &backend);
        calls.iter().for_each(|call| drop(broker.call(call)));
        more(&mut broker);
        let mut gathered = Gathered::default();
        let epoch = settler.epoch();
        broker.engine.store.gather(epoch, usize::MAX, &mut gathered);
        let meta = broker.engine.store.meta(Mark::default(), epoch);
        settler.complete(gathered, &meta).unwrap();
        Broker::over(
            open(Arc::clone(&backend), &mut MemoryJournal::new(), 16, Default::default()).unwrap().store,
            &backend,
        )
    }

    /// A broker that ran `calls` and has everything in memory.
    pub fn warm(calls: &[&str]) -> Broker {
        let backend: Arc<dyn Backend> = Arc::new(Memory::new());
        let store = open(Arc::clone(&backend), &mut MemoryJournal::new(), 16, Default::default()).unwrap().store;
        let mut broker = Broker::over(store, &backend);
        calls.iter().for_each(|call| drop(broker.call(call)));
        broker
    }

    /// Another broker over the same records, none of them in memory. What happened since they were written is not there.
    pub fn again(&self) -> Broker {
        Broker::over(
            open(Arc::clone(&self.backend), &mut MemoryJournal::new(), 16, Default::default()).unwrap().store,
            &self.backend,
        )
    }

    fn over(store: brooklet_storage::store::Store, backend: &Arc<dyn Backend>) -> Broker {
        let clock = Clock::Manual(ManualClock::at(1_000_000));
        let mut engine = Engine::new(store, Config::default(), clock, Tasks::default());
        let client = engine.clients.open(Origin::in_process(), true, 0);
        Broker { engine, client, backend: Arc::clone(backend), loads: 0, held_steps: 0, cache: usize::MAX }
    }

    /// What `line` answers.
    pub fn call(&mut self, line: &str) -> Reply {
        let executed = self.until(line, Some);
        match executed {
            Executed::Reply(reply) => reply,
            Executed::Held(answer) => self.finish(answer, line),
            other => panic!("{line}: {other:?}"),
        }
    }

    /// What becomes of `line` once nothing is missing. Whenever it misses something, it must have changed nothing.
    pub fn until<T>(&mut self, line: &str, wanted: impl Fn(Executed) -> Option<T>) -> T {
        let call = OwnedArgs::collect(line.split(' '));
        drop(self.engine.store.take_batch(Vec::new()));
        for _ in 0..100 {
            self.engine.begin_turn();
            match dispatch(&mut self.engine, self.client, call.as_args(), &mut 0) {
                Executed::Missing(missing) => {
                    let in_rounds = !self.engine.progress.is_empty();
                    assert!(in_rounds || !self.engine.store.has_uncommitted(), "{line} has changed something");
                    self.load(missing);
                }
                executed => return wanted(executed).unwrap_or_else(|| panic!("{line} came out otherwise")),
            }
        }
        panic!("{line} never ends");
    }

    /// Reads what is missing and puts it in place.
    pub fn load(&mut self, missing: Missing) {
        self.loads += 1;
        self.engine.store.evict_chunks(self.cache, usize::MAX);
        let loaded = missing.read(&*self.backend).unwrap();
        self.engine.install(self.client, loaded);
    }

    /// Takes what holds the engine to its end.
    pub fn finish(&mut self, mut answer: Answer, line: &str) -> Reply {
        for _ in 0..10_000 {
            assert!(!self.engine.store.has_uncommitted(), "{line} could be committed in parts");
            self.held_steps += 1;
            match self.engine.step_held() {
                Left::Load(missing) => self.load(missing),
                Left::More => {}
                Left::Nothing | Left::Answer(..) => break,
            }
        }
        match answer.try_recv() {
            Ok(Wake::Answer(reply, _)) => reply,
            other => panic!("{line}: {other:?}"),
        }
    }

    /// MULTI, the calls, EXEC: what that answers.
    pub fn transaction(&mut self, calls: &[&str]) -> Reply {
        self.call("MULTI");
        for call in calls {
            assert_eq!(self.call(call), Reply::Status("QUEUED".into()), "{call}");
        }
        self.call("EXEC")
    }

    /// How many loads `line` takes, and what it answers.
    pub fn counted(&mut self, line: &str) -> (usize, Reply) {
        let before = self.loads;
        let reply = self.call(line);
        (self.loads - before, reply)
    }
}

/// All strings in a reply.
pub fn texts(reply: &Reply) -> Vec<String> {
    match reply {
        Reply::Bulk(text) => vec![String::from_utf8(text.to_vec()).unwrap()],
        Reply::Array(items) => items.iter().flat_map(texts).collect(),
        _ => Vec::new(),
    }
}

/// An answer without the number of chunks of a stream: checkpoints seal some early, so it says nothing of the contents.
pub fn whatever_the_chunks(reply: Reply) -> Reply {
    match reply {
        Reply::Map(mut pairs) => {
            pairs.retain(|(name, _)| !matches!(name, Reply::Bulk(name) if name.starts_with(b"radix-tree-")));
            Reply::Map(pairs)
        }
        Reply::Array(items) => Reply::Array(items.into_iter().map(whatever_the_chunks).collect()),
        other => other,
    }
}
