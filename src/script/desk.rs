//! What a script asks of its host while a slice runs, and what that came to.
//!
//! Plain Rust: requests are read from a [`Stack`], answers wait here until they are pushed. Must never know: how the
//! machine is called. Read next: `stack.rs` (who calls it), `push.rs` (how an answer gets to the script).

use super::library::Shared;
use super::stack::{Stack, Value};
use super::{Called, Host, error, number, slice};
use crate::command::args::ArgsBuilder;
use crate::reply::Reply;
use std::any::Any;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

// What the prelude asks for.
const CALL: f64 = 0.0;
const AGAIN: f64 = 1.0;
const MAY: f64 = 2.0;
const LOG: f64 = 3.0;
const BEGIN: f64 = 4.0;

/// What a request came to.
#[derive(Debug, Default)]
pub enum Answer {
    /// There is nothing to say.
    #[default]
    Nothing,
    /// What a call answered.
    Reply(Reply),
    /// The call was not even tried.
    Refused(&'static str),
    /// Yes or no.
    Truth(bool),
    /// Something has to be loaded first.
    Missing,
    /// What is to run: see [`Start`].
    Begin,
    /// The host has panicked, or there is none.
    Broken,
}

/// How a script gets its keys and arguments.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Given {
    /// Not at all.
    #[default]
    Nothing,
    /// As KEYS and ARGV.
    Globals,
    /// As the arguments of its function.
    Passed,
}

/// What a run begins with.
#[derive(Debug, Default)]
pub struct Start {
    /// Where the machine keeps the function.
    pub code: i32,
    /// How it gets what follows.
    pub given: Given,
    /// The keys, then the arguments.
    pub words: ArgsBuilder,
    /// How many of them are keys.
    pub keys: usize,
}

/// What a coroutine keeps from request to request, and its room from script to script.
pub struct Tray {
    /// What is to run.
    pub start: Start,
    /// The last call.
    call: ArgsBuilder,
    /// That call needs something loaded and is to be done again.
    pub is_pending: bool,
    /// What the functions of the machine share.
    shared: Arc<Shared>,
    /// What the last request came to. It stays here while it is pushed, which may raise an error of Lua.
    pub answer: Answer,
    /// Room for numbers as text.
    pub text: Vec<u8>,
    /// What the host panicked with.
    panic: Option<Box<dyn Any + Send>>,
}

impl fmt::Debug for Tray {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tray").field("is_pending", &self.is_pending).finish_non_exhaustive()
    }
}

impl Tray {
    /// An empty one.
    pub fn new(shared: Arc<Shared>) -> Tray {
        Tray {
            start: Start::default(),
            call: ArgsBuilder::default(),
            is_pending: false,
            shared,
            answer: Answer::Nothing,
            text: Vec::new(),
            panic: None,
        }
    }

    /// Whether the script has asked for RESP3.
    pub fn is_resp3(&self) -> bool {
        self.shared.is_resp3()
    }

    /// What the host panicked with, if it did.
    pub fn panicked(&mut self) -> Option<Box<dyn Any + Send>> {
        self.panic.take()
    }

    /// As the next script finds it.
    pub fn clear(&mut self) {
        self.start.words.clear();
        self.call.clear();
        self.is_pending = false;
    }
}

/// Where a script's requests arrive during a slice.
pub struct Desk<'a> {
    /// Who does what they ask.
    pub host: &'a mut dyn Host,
    /// What stays when the slice ends.
    pub tray: &'a mut Tray,
}

impl Desk<'_> {
    /// Does what the values on `stack` ask for. A panic stays in the tray until the slice has ended; the script, which
    /// may catch what it sees of it, gets nowhere any more.
    pub fn serve(&mut self, stack: &Stack<'_>) {
        self.tray.answer = Answer::Broken;
        if self.tray.panic.is_some() {
            return;
        }
        match catch_unwind(AssertUnwindSafe(|| self.answer(stack))) {
            Ok(answer) => self.tray.answer = answer,
            Err(panic) => {
                slice::give_up();
                self.tray.panic = Some(panic);
            }
        }
    }

    fn answer(&mut self, stack: &Stack<'_>) -> Answer {
        slice::go_on();
        match stack.value(1) {
            Value::Number(CALL) => match self.read(stack) {
                Ok(()) => self.call(),
                Err(why) => Answer::Refused(why),
            },
            Value::Number(AGAIN) if std::mem::take(&mut self.tray.is_pending) => self.call(),
            Value::Number(BEGIN) => Answer::Begin,
            Value::Number(MAY) => match self.read(stack).map(|()| self.host.may_call(self.tray.call.as_args())) {
                Ok(Some(may)) => Answer::Truth(may),
                Ok(None) => Answer::Refused(error::NO_SUCH_CALL),
                Err(why) => Answer::Refused(why),
            },
            Value::Number(LOG) => {
                if let (Value::Number(level), Value::Text(line)) = (stack.value(2), stack.value(3)) {
                    self.host.log(u8::try_from(level as i64).unwrap_or(3), line);
                }
                Answer::Nothing
            }
            _ => Answer::Nothing,
        }
    }

    /// Reads the arguments of redis.call.
    fn read(&mut self, stack: &Stack<'_>) -> Result<(), &'static str> {
        let (call, len) = (&mut self.tray.call, stack.len());
        call.clear();
        if len < 2 {
            return Err(error::NO_ARGUMENTS);
        }
        for at in 2..=len {
            match stack.value(at) {
                Value::Text(text) => call.push(text),
                Value::Number(n) => call.push_with(|out| number::argument(n, out)),
                _ => return Err(error::BAD_ARGUMENTS),
            }
        }
        Ok(())
    }

    fn call(&mut self) -> Answer {
        match self.host.call(self.tray.call.as_args()) {
            Called::Reply(mut reply) => {
                // What pushes it may make nothing.
                reply.unfold();
                Answer::Reply(reply)
            }
            Called::Missing => {
                self.tray.is_pending = true;
                Answer::Missing
            }
        }
    }
}
