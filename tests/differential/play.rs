//! Plays a session against both servers and stops at the first difference.

use std::thread::sleep;
use std::time::{Duration, Instant};

use brooklet_testkit::client::NoReply;
use brooklet_testkit::server::Dialect;
use brooklet_testkit::{Args, Client, Protocol, Server, Value, fields, loosen, write};

use crate::compare::Reader;
use crate::session::{Session, Step};

/// How long one server may answer later than the other.
const GRACE: Duration = Duration::from_secs(4);

/// How long a client that may wait is given until it is taken to wait.
const SOON: Duration = Duration::from_millis(8);

/// Both servers.
pub struct Pair {
    pub reference: Server,
    pub ours: Server,
    /// Whether a restart step really restarts ours.
    pub restarts: bool,
}

/// Where the two went different ways, as the end of a transcript.
pub struct Difference {
    pub transcript: String,
}

/// One side of the play.
struct Side {
    control: Client,
    clients: Vec<Client>,
    reader: Reader,
}

/// What a client is at.
#[derive(Default, Clone)]
struct Peer {
    command: Args,
    waits: bool,
    queued: Option<Vec<Args>>,
}

/// What is done about a group's lag before replies are compared.
enum Lag {
    Compared,
    Counted,
    Blanked,
}

struct Play<'a> {
    session: &'a Session,
    reference: Side,
    ours: Side,
    peers: Vec<Peer>,
    /// Whether ours counts the lag of groups.
    exact_lag: bool,
    one_database: bool,
    log: Vec<String>,
}

impl Pair {
    /// Plays from an empty state. The number of compared replies, or the first difference.
    pub fn play(&mut self, session: &Session) -> Result<usize, Difference> {
        let mut play = Play {
            session,
            reference: Side::open(&self.reference, session),
            ours: Side::open(&self.ours, session),
            peers: vec![Peer::default(); session.protocols.len()],
            exact_lag: self.ours.dialect() == Dialect::Brooklet,
            one_database: !session.changes_database(),
            log: Vec::new(),
        };
        play.reference.flush();
        play.ours.flush();
        for step in &session.steps {
            match step {
                Step::Restart { kill } => {
                    play.log.push(step.line());
                    if self.restarts {
                        restart(&mut self.ours, *kill);
                    }
                    play.reconnect(&self.reference, &self.ours);
                }
                Step::Command { client, args, settle_ms } => {
                    play.command(step, *client, args)?;
                    sleep(Duration::from_millis(*settle_ms));
                }
            }
            play.woken()?;
        }
        Ok(play.log.len())
    }
}

fn restart(server: &mut Server, kill: bool) {
    match kill {
        true => server.kill().expect("kill -9"),
        false => server.terminate().expect("SIGTERM"),
    }
    server.restart().unwrap_or_else(|why| panic!("no restart: {why}"));
}

impl Side {
    fn open(server: &Server, session: &Session) -> Self {
        let connect = |protocol: &Protocol| server.connect(*protocol).expect("a connection");
        let clients = session.protocols.iter().map(connect).collect();
        Self { control: connect(&Protocol::Resp2), clients, reader: Reader::default() }
    }

    fn flush(&mut self) {
        assert!(matches!(self.control.call(&["FLUSHALL"]), Ok(Value::Simple(_))), "FLUSHALL");
    }

    fn ping(&mut self) {
        assert!(matches!(self.control.call(&["PING"]), Ok(Value::Simple(_))), "PING");
    }
}

impl Play<'_> {
    fn reconnect(&mut self, reference: &Server, ours: &Server) {
        let readers = (std::mem::take(&mut self.reference.reader), std::mem::take(&mut self.ours.reader));
        self.reference = Side::open(reference, self.session);
        self.ours = Side::open(ours, self.session);
        (self.reference.reader, self.ours.reader) = readers;
        self.peers.fill(Peer::default());
    }

    fn command(&mut self, step: &Step, at: usize, args: &Args) -> Result<(), Difference> {
        if self.peers[at].waits {
            return Ok(());
        }
        self.log.push(step.line());
        self.reference.clients[at].send(args).expect("the reference reads");
        self.ours.clients[at].send(args).map_err(|why| self.differs(at, "it was sent", &format!("{why:?}")))?;
        self.peers[at].command = args.clone();
        if crate::elements::may_wait(args.iter().map(Vec::as_slice)) {
            self.peers[at].waits = true;
            self.reference.ping();
            self.ours.ping();
            return self.poll(at, SOON);
        }
        let reference = self.reference.clients[at].read(GRACE);
        let ours = self.ours.clients[at].read(GRACE);
        self.judge(at, reference, ours)
    }

    /// Takes in what others' commands have brought to those who wait.
    fn woken(&mut self) -> Result<(), Difference> {
        if !self.peers.iter().any(|peer| peer.waits) {
            return Ok(());
        }
        self.reference.ping();
        self.ours.ping();
        for at in 0..self.peers.len() {
            if self.peers[at].waits {
                self.poll(at, Duration::ZERO)?;
            }
        }
        Ok(())
    }

    /// Whether a waiting client is answered by either server within `time`; then the other must answer too.
    fn poll(&mut self, at: usize, time: Duration) -> Result<(), Difference> {
        let deadline = Instant::now() + time;
        loop {
            if let Ok(reply) = self.reference.clients[at].poll() {
                let ours = self.ours.clients[at].read(GRACE);
                return self.judge(at, Ok(reply), ours);
            }
            if let Ok(reply) = self.ours.clients[at].poll() {
                let reference = self.reference.clients[at].read(GRACE);
                return self.judge(at, reference, Ok(reply));
            }
            if Instant::now() >= deadline {
                return Ok(());
            }
            sleep(Duration::from_micros(200));
        }
    }

    fn judge(&mut self, at: usize, a: Result<Value, NoReply>, b: Result<Value, NoReply>) -> Result<(), Difference> {
        let woken = std::mem::take(&mut self.peers[at].waits);
        let command = self.peers[at].command.clone();
        let queued = self.follow_transaction(at, &command, a.as_ref().ok());
        let (a, b) = match self.lag_for(&command, &queued) {
            Lag::Compared => (a, b),
            Lag::Blanked => (a.map(without_lag), b.map(without_lag)),
            Lag::Counted => (a.map(|reply| self.counted(&command, reply)), b),
        };
        let a = a.map(|reply| self.reference.reader.comparable(&command, &queued, reply));
        let b = b.map(|reply| self.ours.reader.comparable(&command, &queued, reply));
        if let (Ok(a), Ok(b)) = (&a, &b)
            && a == b
        {
            let lead = if woken { format!("@c{at}<\n") } else { String::new() };
            self.log.push(lead + &write::value(a));
            return Ok(());
        }
        Err(self.differs(at, &told(&a), &told(&b)))
    }

    /// Remembers what a transaction has queued; tells what EXEC answers.
    fn follow_transaction(&mut self, at: usize, command: &Args, reply: Option<&Value>) -> Vec<Args> {
        let queued = &mut self.peers[at].queued;
        let is = |text: &[u8]| matches!(reply, Some(Value::Simple(status)) if status == text);
        if is(b"QUEUED") {
            queued.get_or_insert_default().push(command.clone());
            return Vec::new();
        }
        match command.first().map(|verb| verb.to_ascii_uppercase()).as_deref() {
            Some(b"EXEC" | b"DISCARD") => queued.take().unwrap_or_default(),
            _ => Vec::new(),
        }
    }

    /// Our lag is a count of entries; the reference's is not always one.
    fn lag_for(&self, command: &Args, queued: &[Args]) -> Lag {
        let tells = |args: &Args| args.first().is_some_and(|verb| verb.eq_ignore_ascii_case(b"XINFO"));
        if self.exact_lag && queued.iter().any(tells) {
            return Lag::Blanked;
        }
        match (self.exact_lag, tells(command) && self.one_database) {
            (false, _) => Lag::Compared,
            (true, true) => Lag::Counted,
            (true, false) => Lag::Blanked,
        }
    }

    /// A reply of the reference with the lag counted from its entries.
    fn counted(&mut self, command: &Args, reply: Value) -> Value {
        let Some(key) = command.get(2) else { return reply };
        fields::with_lag(reply, |last| {
            let start = format!("({last}");
            let above = self.reference.control.call(&[b"XRANGE", key.as_slice(), start.as_bytes(), b"+"]);
            Some(above.ok()?.items().len() as i64)
        })
    }

    fn differs(&self, at: usize, reference: &str, ours: &str) -> Difference {
        let end = format!("# client c{at} now\nredis:\n{reference}\nbrooklet:\n{ours}");
        Difference { transcript: self.log.join("\n") + "\n" + &end }
    }
}

fn without_lag(reply: Value) -> Value {
    fields::with_field(reply, "lag", &loosen::blank())
}

fn told(reply: &Result<Value, NoReply>) -> String {
    match reply {
        Ok(value) => write::value(value),
        Err(NoReply::Silence) => "(no reply)".to_owned(),
        Err(NoReply::Closed) => "(the connection was closed)".to_owned(),
        Err(NoReply::Malformed(why)) => format!("(not RESP: {why})"),
    }
}
