//! What one writer asked for since its data was last looked at, and how much of that a restarted server still has.
//!
//! A connection is served in order, so what happened is a beginning of what was sent; and what a crash leaves is a
//! beginning of what happened. How long that beginning has to be is for the caller to say (`judge.rs`).

use std::time::Instant;

use brooklet_testkit::Client;

use crate::ledger::{Id, Ledger, Op};
use crate::verify;

/// One operation.
#[derive(Clone, Debug)]
pub struct Step {
    pub op: Op,
    pub sent: Instant,
    pub answered: Option<Instant>,
    /// What an addition was answered.
    pub id: Option<Id>,
}

/// The operations of one writer.
#[derive(Clone, Debug)]
pub struct History {
    /// What the server had when it was last looked at.
    base: Ledger,
    /// What it has, by all replies since.
    pub now: Ledger,
    /// In the order in which they were sent. Those that were answered come first.
    pub steps: Vec<Step>,
    answers: usize,
    /// The disk may be full: then an operation may be refused.
    pub may_be_refused: bool,
}

/// How much of a history a server has: not always one number, for some operations change nothing.
#[derive(Clone, Debug)]
pub struct Survived {
    /// So many steps are surely there.
    pub at_least: usize,
    /// So many may be there; the next one is not.
    pub at_most: usize,
    state: Ledger,
}

impl Survived {
    /// The first `count` steps, for whoever has not asked a server.
    pub fn of(history: &History, count: usize) -> Self {
        Self { at_least: count, at_most: count, state: history.base.clone() }
    }
}

impl History {
    pub fn new(writer: usize) -> Self {
        let ledger = Ledger::new(writer);
        Self { base: ledger.clone(), now: ledger, steps: Vec::new(), answers: 0, may_be_refused: false }
    }

    /// Notes what is about to be sent.
    pub fn sent(&mut self, batch: &[Op]) {
        let sent = Instant::now();
        let step = |op: &Op| Step { op: op.clone(), sent, answered: None, id: None };
        self.steps.extend(batch.iter().map(step));
    }

    /// Notes the next answer.
    pub fn answered(&mut self, id: Option<Id>) {
        let step = &mut self.steps[self.answers];
        (step.answered, step.id) = (Some(Instant::now()), id);
        self.now.apply(&step.op, id);
        self.answers += 1;
    }

    /// Notes that the next one was refused: it has not happened.
    pub fn refused(&mut self) {
        self.steps.remove(self.answers);
    }

    /// How many were answered.
    pub fn answers(&self) -> usize {
        self.answers
    }

    /// Looks at the server's data: which beginnings of the history may that be?
    pub fn survived(&self, client: &mut Client) -> Result<Survived, String> {
        let found = verify::look(&self.base, client)?;
        let mut state = self.base.clone();
        let mut survived: Option<Survived> = None;
        let mut why = String::new();
        for happened in 0..=self.steps.len() {
            if let Some(step) = happened.checked_sub(1).map(|at| &self.steps[at]) {
                state.apply(&step.op, step.id);
            }
            match verify::same(&state, &found) {
                Ok(()) => {
                    let at_least = survived.map_or(happened, |s| s.at_least);
                    survived = Some(Survived { at_least, at_most: happened, state: state.clone() });
                }
                Err(other) if happened == self.answers => why = other,
                Err(_) => {}
            }
        }
        let Some(mut survived) = survived else {
            let unanswered: Vec<&Op> = self.steps[self.answers..].iter().map(|step| &step.op).collect();
            return Err(format!(
                "writer {}: this is no state that it ever had. With all that was answered: {why}; unanswered: {unanswered:?}",
                self.base.writer
            ));
        };
        // Numbers are never given out twice, also where they are lost.
        survived.state.next = self.now.next;
        survived.state.filling = self.now.filling;
        verify::adopt(&mut survived.state, &found)?;
        Ok(survived)
    }

    /// Goes on from what was found.
    pub fn adopt(&mut self, survived: Survived) {
        self.base = survived.state;
        // The stream that all share is deleted after each look.
        self.base.shared.clear();
        self.now = self.base.clone();
        self.steps.clear();
        self.answers = 0;
    }
}
