//! A generated session: what a few clients do, one after the other. The same seed gives the same session.

use brooklet_testkit::{Args, Protocol, words};
use fastrand::Rng;

use crate::grammar;

/// One thing that happens.
#[derive(Clone, Debug)]
pub enum Step {
    /// A client sends a command; then time passes.
    Command { client: usize, args: Args, settle_ms: u64 },
    /// Our server is ended (at once or in order) and started again; everybody reconnects. The reference lives on.
    Restart { kill: bool },
}

/// What is played against both servers.
#[derive(Clone, Debug)]
pub struct Session {
    /// What each client speaks; client 0 never waits.
    pub protocols: Vec<Protocol>,
    pub steps: Vec<Step>,
}

impl Session {
    /// The session of a seed.
    pub fn generate(seed: u64) -> Self {
        let mut rng = Rng::with_seed(seed);
        let protocols = (0..4).map(|_| Protocol::ALL[rng.usize(..2)]).collect();
        let length = rng.usize(10..90);
        let restarts = rng.u8(..4) == 0;
        let theme = grammar::Theme::any(&mut rng);
        let mut words = grammar::Words::new(rng.fork());
        let mut steps = Vec::new();
        while steps.len() < length {
            match rng.u8(..) {
                0..6 if restarts => steps.push(Step::Restart { kill: rng.bool() }),
                0..24 => transaction(&mut steps, &mut rng, &mut words, theme),
                _ => {
                    let client = rng.usize(..4);
                    steps.push(command(client, &mut words, theme));
                }
            }
        }
        Self { protocols, steps }
    }

    /// Whether more than one database is touched.
    pub fn changes_database(&self) -> bool {
        self.steps.iter().any(|step| match step {
            Step::Command { args, .. } => {
                let verb = args.first().map(|v| v.to_ascii_uppercase()).unwrap_or_default();
                matches!(verb.as_slice(), b"SELECT" | b"SWAPDB" | b"MOVE")
            }
            Step::Restart { .. } => false,
        })
    }
}

fn command(client: usize, words: &mut grammar::Words, theme: grammar::Theme) -> Step {
    let (args, settle_ms) = words.command(theme, client != 0);
    Step::Command { client, args, settle_ms }
}

/// MULTI to EXEC of one client, with what others do before and in between. Now and then something is forgotten.
fn transaction(steps: &mut Vec<Step>, rng: &mut Rng, words: &mut grammar::Words, theme: grammar::Theme) {
    let client = rng.usize(..4);
    let say = |text: &str, settle_ms: u64| {
        let args = text.split(' ').map(|word| word.as_bytes().to_vec()).collect();
        Step::Command { client, args, settle_ms }
    };
    let others = |steps: &mut Vec<Step>, rng: &mut Rng, words: &mut grammar::Words| {
        for _ in 0..rng.usize(..3) {
            steps.push(command((client + rng.usize(1..4)) % 4, words, theme));
        }
    };
    if rng.bool() {
        steps.push(say(&words.watch(), 0));
        others(steps, rng, words);
    }
    if rng.u8(..16) > 0 {
        steps.push(say("MULTI", 0));
    }
    let mut settle_ms = 0;
    for _ in 0..rng.usize(..6) {
        let step = command(client, words, theme);
        if let Step::Command { settle_ms: own, .. } = &step {
            settle_ms = settle_ms.max(*own);
        }
        steps.push(step);
        if rng.u8(..8) == 0 {
            others(steps, rng, words);
        }
    }
    let end = ["DISCARD", "UNWATCH", "MULTI", "WATCH k", "RESET"];
    let end = if rng.u8(..6) == 0 { end[rng.usize(..end.len())] } else { "EXEC" };
    steps.push(say(end, settle_ms));
    if end != "EXEC" {
        steps.push(say("EXEC", settle_ms));
    }
}

impl Step {
    /// As a line of a transcript.
    pub fn line(&self) -> String {
        match self {
            Self::Command { client, args, .. } => format!("@c{client}> {}", words::join(args)),
            Self::Restart { kill: true } => "# kill -9 and restart".to_owned(),
            Self::Restart { kill: false } => "# SIGTERM and restart".to_owned(),
        }
    }
}
