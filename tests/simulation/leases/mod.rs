//! Leases, held by clients that are paused, leave and come back, over restarts, checkpoints and evictions, from a seed: against
//! `model.rs`, and against what is promised whatever the model says: one holder at a time, tokens that rise, and no write with
//! an old token.
//!
//! `SEED=7 cargo test --test simulation -- --nocapture leases` lives one life; `SEEDS=10000` so many. Who is paused is a client that
//! is not asked for a while and goes on with the token that it had.

mod model;

use crate::dice::Dice;
use brooklet::Reply;
use brooklet::broker::client::{Origin, Traffic};
use brooklet::broker::clock::{Clock, ManualClock};
use brooklet::broker::commit::First;
use brooklet::broker::settle;
use brooklet::broker::shared::Shared;
use brooklet::broker::wait::{Answer, Wake};
use brooklet::command::args::OwnedArgs;
use brooklet::config::Config;
use brooklet::session::{Outgoing, Seat, Stop};
use brooklet_storage::backend::memory::{LateReclaims, Memory};
use brooklet_storage::checkpoint::{Gathered, Settler};
use brooklet_storage::journal::MemoryJournal;
use model::{Ask, Model, Told};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

const PEOPLE: usize = 5;
const KEYS: [&str; 2] = ["lease", "other"];
const START_MS: i64 = 1_704_067_200_000;
/// Lives that the gate has time for, and their steps.
const SEEDS: u64 = 200;
const STEPS: usize = 400;

struct Person {
    seat: Seat,
    waits: Option<(Answer, usize)>,
    /// The token that it had last of each key; it may be of long ago.
    token: [i64; 2],
}

struct World {
    config: Config,
    clock: ManualClock,
    backend: Arc<Memory>,
    journal: MemoryJournal,
    shared: Arc<Shared>,
    settler: Settler,
    people: Vec<Person>,
    model: Model,
    /// The highest token that wrote to the thing that each key guards.
    written: [i64; 2],
    traced: bool,
}

/// What became of a call.
enum Outcome {
    Reply(Reply),
    Waits(Answer),
}

fn start(
    config: &Config,
    clock: &ManualClock,
    backend: &Arc<Memory>,
    journal: &MemoryJournal,
) -> (Arc<Shared>, Settler) {
    let clock = Clock::Manual(clock.clone());
    Shared::by_hand(config.clone(), clock, backend.clone(), Box::new(journal.clone())).expect("a start")
}

fn come(shared: &Arc<Shared>) -> Person {
    let seat = Seat::open(shared, Origin::in_process()).expect("room for a client");
    Person { seat, waits: None, token: [0; 2] }
}

fn commit(shared: &Shared, ticket: u64) {
    let committed = std::pin::pin!(shared.committer().committed(shared.engine_lock(), ticket, First::Nobody));
    let polled = committed.poll(&mut Context::from_waker(Waker::noop()));
    assert!(matches!(polled, Poll::Ready(Ok(()))), "a commit");
}

fn call(seat: &Seat, words: &[String]) -> Outcome {
    let call = OwnedArgs::collect(words);
    for _ in 0..50 {
        let mut reply = None;
        let turn = seat.run(
            |i| (i == 0).then(|| call.as_args()),
            0,
            Traffic::default(),
            |_, out| {
                if let Outgoing::Reply(answer) = out {
                    reply = Some(answer);
                }
                true
            },
        );
        commit(seat.shared(), turn.ticket);
        match turn.stop {
            Stop::Turn => return Outcome::Reply(reply.expect("a reply")),
            Stop::Parked(wake) => return Outcome::Waits(wake),
            Stop::Missing(missing) => seat.install(seat.shared().load(missing).expect("a load")),
            other => panic!("{words:?}: {other:?}"),
        }
    }
    panic!("{words:?} does not end")
}

impl World {
    fn new() -> World {
        let (mut config, clock) = (Config::default(), ManualClock::at(START_MS));
        config.prepare("databases", "1").expect("an option");
        let (backend, journal) = (Arc::new(Memory::crashing()), MemoryJournal::new());
        let (shared, settler) = start(&config, &clock, &backend, &journal);
        let people = (0..PEOPLE).map(|_| come(&shared)).collect();
        let (model, traced) = (Model::default(), std::env::var_os("SEED").is_some());
        World { config, clock, backend, journal, shared, settler, people, model, written: [0; 2], traced }
    }

    fn note(&self, line: impl FnOnce() -> String) {
        if self.traced {
            println!("{:>7} {}", self.now() - START_MS, line());
        }
    }

    fn now(&self) -> i64 {
        self.clock.now_ms()
    }

    /// Asks for something at once, and compares with what the model says.
    fn ask(&mut self, who: usize, key: usize, words: &[&str], ask: Ask) {
        let now = self.now();
        let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        let outcome = call(&self.people[who].seat, &words);
        let token = token_of(&outcome);
        let expected = self.model.ask(now, who, key, ask, token);
        self.note(|| format!("{who}: {} -> {}", words.join(" "), shown(&outcome)));
        match outcome {
            Outcome::Waits(wake) => {
                assert_eq!(expected, Told::Waits, "{words:?} waits");
                self.people[who].waits = Some((wake, key));
            }
            Outcome::Reply(reply) => self.compare(who, key, &reply, expected),
        }
        self.look_at_waits();
    }

    fn compare(&mut self, who: usize, key: usize, reply: &Reply, expected: Told) {
        match (reply, expected) {
            (Reply::Map(_), Told::Has(token, ttl_ms)) => {
                let (acquired, seen, _, ttl) = acquired(reply);
                assert_eq!((acquired, seen, ttl), (1, token, ttl_ms), "client {who} has it");
                self.people[who].token[key] = token;
            }
            (Reply::Map(_), Told::HasNot(holder)) => {
                let (acquired, _, seen, _) = acquired(reply);
                assert_eq!((acquired, seen), (0, holder), "client {who} has it not");
            }
            (Reply::Integer(n), Told::Number(expected)) => assert_eq!(*n, expected),
            (Reply::Integer(n), Told::Token(expected)) => assert_eq!(*n, expected),
            (Reply::Status(_), Told::Number(1)) | (Reply::Null, Told::Number(0)) => {}
            (Reply::Error(line), Told::Refused(code)) => assert!(line.starts_with(&code), "{line}, expected {code}"),
            (reply, expected) => panic!("{reply:?}, expected {expected:?}"),
        }
    }

    /// Whose wait has ended, as the model says; nobody else's.
    fn look_at_waits(&mut self) {
        for who in 0..PEOPLE {
            let Some((mut wake, key)) = self.people[who].waits.take() else { continue };
            let mut ended = None;
            for _ in 0..20 {
                match wake.try_recv() {
                    Ok(Wake::Answer(reply, ticket)) => {
                        commit(&self.shared, ticket);
                        ended = Some(reply);
                        break;
                    }
                    Ok(Wake::Load(missing, again)) => {
                        let seat = &self.people[who].seat;
                        seat.resume(seat.shared().load(missing).expect("a load"));
                        wake = again;
                    }
                    Err(_) => break,
                }
            }
            let Some(reply) = ended else {
                assert!(!self.model.told.contains_key(&who), "client {who} still waits; {:?}", self.model.told);
                self.people[who].waits = Some((wake, key));
                continue;
            };
            self.note(|| format!("{who}: wait ends: {reply:?}"));
            let token = if matches!(reply, Reply::Map(_)) { acquired(&reply).1 } else { 0 };
            let expected = self.model.told_of(who, key, token);
            self.compare(who, key, &reply, expected);
        }
    }

    fn act(&mut self, dice: &mut Dice) {
        let (who, key) = (dice.roll(PEOPLE as u64) as usize, dice.roll(2) as usize);
        let act = dice.weighted(&[
            (0, 30),
            (1, 20),
            (2, 12),
            (3, 5),
            (4, 15),
            (5, 6),
            (6, 4),
            (7, 25),
            (8, 5),
            (9, 2),
            (10, 6),
            (11, 6),
        ]);
        if act < 7 && self.people[who].waits.is_some() {
            return;
        }
        let (name, me, token) = (KEYS[key], holder(who), self.people[who].token[key].to_string());
        let ttl = 1 + dice.roll(2000) as i64;
        let ttl_text = ttl.to_string();
        let mine = self.people[who].token[key];
        match act {
            0 => self.acquire(dice, who, key, ttl),
            1 => self.ask(who, key, &["LEASE.RENEW", name, &me, &token, &ttl_text], Ask::Renew { token: mine, ttl }),
            2 => self.ask(who, key, &["LEASE.RELEASE", name, &me, &token], Ask::Release { token: mine }),
            3 => {
                let to = dice.roll(PEOPLE as u64) as usize;
                let words = ["LEASE.TRANSFER", name, &me, &token, &holder(to)];
                self.ask(who, key, &words, Ask::Transfer { token: mine, to });
            }
            4 => self.write(who, key),
            5 => self.ask(who, key, &["SET", name, &me, "NX", "PX", &ttl_text], Ask::Set { ttl }),
            6 => self.ask(who, key, &["DEL", name], Ask::Delete),
            7 => self.pass(dice),
            8 => self.leave(who),
            9 => self.restart(dice),
            10 => self.settle(),
            _ => {
                let before_ms = self.now() + 1;
                self.shared.engine().store.evict_objects((0, 0), 100, before_ms, usize::MAX);
            }
        }
        self.verify();
    }

    fn acquire(&mut self, dice: &mut Dice, who: usize, key: usize, ttl: i64) {
        let (priority, wait) = (dice.roll(3) as i64, dice.one_in(2).then(|| dice.roll(3) as i64 * 700));
        let grace = dice.one_in(3).then(|| dice.roll(2) as i64 * 300);
        let mut words = vec!["LEASE.ACQUIRE".to_owned(), KEYS[key].to_owned(), holder(who), ttl.to_string()];
        words.extend(["PRIORITY".to_owned(), priority.to_string()]);
        words.extend(wait.into_iter().flat_map(|ms| ["WAIT".to_owned(), ms.to_string()]));
        words.extend(grace.into_iter().flat_map(|ms| ["BIND".to_owned(), ms.to_string()]));
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        self.ask(who, key, &words, Ask::Acquire { ttl, priority, wait, grace });
    }

    /// Writes to what the key guards, with the token that it believes in: of what is accepted, tokens never go down.
    fn write(&mut self, who: usize, key: usize) {
        let mine = self.people[who].token[key];
        let (token, guarded) = (mine.to_string(), format!("guarded-by-{key}"));
        let words = ["LEASE.EXEC", KEYS[key], &token, "APPEND", &guarded, "x"];
        let before = self.model.writes[key];
        self.ask(who, key, &words, Ask::Write { token: mine });
        if self.model.writes[key] > before {
            assert!(mine >= self.written[key], "token {mine} wrote behind {}", self.written[key]);
            self.written[key] = mine;
        }
    }

    /// Time passes; perhaps nobody looks.
    fn pass(&mut self, dice: &mut Dice) {
        self.clock.set_ms(self.now() + dice.roll(900) as i64);
        if dice.one_in(3) {
            return;
        }
        self.shared.engine().tick();
        self.model.tick(self.clock.now_ms());
        self.note(|| "tick".to_owned());
        self.look_at_waits();
    }

    fn leave(&mut self, who: usize) {
        self.note(|| format!("{who} leaves"));
        let tokens = self.people[who].token;
        self.people[who] = come(&self.shared);
        // It is the same holder, who still believes what it believed.
        self.people[who].token = tokens;
        self.model.leave(self.clock.now_ms(), who);
        self.look_at_waits();
    }

    fn restart(&mut self, dice: &mut Dice) {
        self.note(|| "restart".to_owned());
        let ticket = self.shared.engine().ticket();
        commit(&self.shared, ticket);
        let late = if dice.one_in(2) { LateReclaims::Undone } else { LateReclaims::Done };
        self.backend = Arc::new(self.backend.crash_copy(dice.roll(20) as usize, late).expect("it remembers"));
        let tokens: Vec<[i64; 2]> = self.people.iter().map(|person| person.token).collect();
        (self.shared, self.settler) = start(&self.config, &self.clock, &self.backend, &self.journal);
        self.people = (0..PEOPLE).map(|_| come(&self.shared)).collect();
        self.people.iter_mut().zip(tokens).for_each(|(person, token)| person.token = token);
        self.model.restart(self.clock.now_ms());
    }

    fn settle(&mut self) {
        let mut gathered = Gathered::default();
        let meta = settle::cut(&self.shared, &self.settler, &mut gathered).expect("a cut");
        settle::complete(&self.shared, &mut self.settler, None, gathered, &meta, None).expect("a checkpoint");
    }

    /// What everybody can see of each key.
    fn verify(&mut self) {
        for (key, name) in KEYS.iter().enumerate() {
            let observer = come(&self.shared);
            let Outcome::Reply(reply) = call(&observer.seat, &["LEASE.WATCH".to_owned(), (*name).to_owned()]) else {
                panic!("a look waits")
            };
            self.model.look(self.clock.now_ms());
            let fact = |name| field(&reply, name);
            self.model.see(key, number(&fact("token")));
            let seen =
                (text(&fact("holder")), number(&fact("token")), number(&fact("ttl-ms")), number(&fact("waiters")));
            assert_eq!(seen, self.model.view(self.clock.now_ms(), key), "{name} (left: the broker, right: the model)");
        }
        self.look_at_waits();
    }
}

fn holder(who: usize) -> String {
    format!("holder-{who}")
}

fn field(reply: &Reply, name: &str) -> Reply {
    let Reply::Map(pairs) = reply else { panic!("no map: {reply:?}") };
    let found = pairs.iter().find(|(key, _)| *key == Reply::bulk(name));
    found.map(|(_, value)| value.clone()).unwrap_or_else(|| panic!("no {name}"))
}

fn number(reply: &Reply) -> i64 {
    if let Reply::Integer(n) = reply { *n } else { panic!("no number: {reply:?}") }
}

fn text(reply: &Reply) -> String {
    if let Reply::Bulk(bytes) = reply { String::from_utf8_lossy(bytes).into_owned() } else { String::new() }
}

/// acquired, token, holder, ttl-ms.
fn acquired(reply: &Reply) -> (i64, i64, String, i64) {
    let of = |name| field(reply, name);
    (number(&of("acquired")), number(&of("token")), text(&of("holder")), number(&of("ttl-ms")))
}

/// The token in an answer: the model does not know which number comes next, only that it is higher.
fn token_of(outcome: &Outcome) -> i64 {
    match outcome {
        Outcome::Reply(reply @ Reply::Map(_)) => acquired(reply).1,
        Outcome::Reply(Reply::Integer(n)) => *n,
        _ => 0,
    }
}

fn shown(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Reply(reply) => format!("{reply:?}"),
        Outcome::Waits(_) => "waits".to_owned(),
    }
}

fn live(seed: u64) {
    let (mut world, mut dice) = (World::new(), Dice(seed));
    for _ in 0..STEPS {
        world.act(&mut dice);
    }
}

#[test]
fn leases_have_one_holder_and_rising_tokens_whatever_happens() {
    let of = |name: &str| std::env::var(name).ok().and_then(|n| n.parse::<u64>().ok());
    if let Some(seed) = of("SEED") {
        return live(seed);
    }
    let first = of("FIRST").unwrap_or(1);
    for seed in first..first + of("SEEDS").unwrap_or(SEEDS) {
        let lived = std::panic::catch_unwind(|| live(seed));
        assert!(lived.is_ok(), "SEED={seed} cargo test --test simulation -- --nocapture leases");
    }
}
