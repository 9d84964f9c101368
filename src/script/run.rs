//! One run of a script, in slices. Its calls are done through the [`Host`] of the slice.
//!
//! Scripts reach the host through a function that finds the [`Desk`] of the slice which runs: nothing of the host is
//! borrowed between two slices, and a script that keeps `redis.call` in a local variable keeps what works in the next
//! slice, too. What a run needs is made once and handed from run to run. Read next: `stack.rs`, `desk.rs`.

use super::convert::{self, Field, Reader};
use super::desk::{Answer, Desk, Tray};
use super::stack::{Coroutine, Stack, Value};
use super::vm::{self, Code};
use super::{Host, error, slice};
use crate::reply::Reply;
use mlua::{Lua, RegistryKey};
use std::fmt;
use std::panic::resume_unwind;
use std::sync::Arc;
use std::time::Duration;

/// What a slice came to.
#[derive(Debug)]
pub enum Step {
    /// The script ended with this answer.
    Done(Reply),
    /// The time is up; go on with another slice.
    TimeUp,
    /// A call needs something that the host has to load before the next slice.
    Missing,
    /// The same where the script could not be paused: it has ended, with this answer. It can be run anew if it has
    /// changed nothing.
    Stuck(Reply),
}

/// The coroutine that runs script after script, and what it needs for that.
#[derive(Debug)]
pub(super) struct Runner {
    pub lua: Lua,
    pub coroutine: Coroutine,
    /// The names of fields: see [`convert::NAMES`].
    pub names: Arc<RegistryKey>,
    pub tray: Tray,
    /// The name of the script, for its errors.
    pub name: String,
}

/// A script that runs.
pub struct Run {
    runner: Box<Runner>,
    /// What runs: the machine keeps it as long as this is there.
    _code: Code,
    is_done: bool,
    is_counted: bool,
    is_killed: bool,
    exhausted: bool,
}

impl fmt::Debug for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Run").field("name", &self.runner.name).finish()
    }
}

/// How a script ended.
struct Ending {
    reply: Reply,
    is_counted: bool,
    exhausted: bool,
}

impl Run {
    /// A run of `code`; the tray of `runner` says what it begins with.
    pub(super) fn new(runner: Box<Runner>, code: Code) -> Run {
        Run { runner, _code: code, is_done: false, is_counted: false, is_killed: false, exhausted: false }
    }

    /// Runs until the script ends, `budget` is used up, or something is missing.
    pub fn step(&mut self, host: &mut dyn Host, budget: Duration) -> Step {
        let ending = self.slice(host, budget, Runner::end);
        let is_pending = self.runner.tray.is_pending;
        match ending {
            Ok(None) if is_pending => Step::Missing,
            Ok(None) => Step::TimeUp,
            Ok(Some(ending)) => {
                self.is_done = true;
                self.is_counted = ending.is_counted;
                self.exhausted |= ending.exhausted;
                if is_pending { Step::Stuck(ending.reply) } else { Step::Done(ending.reply) }
            }
            Err(why) => {
                let line = error::located(&error::coded(&error::plain(&why)), &self.runner.name, None);
                self.exhausted |= vm::says_exhausted(&line);
                Step::Done(Reply::Error(line.into()))
            }
        }
    }

    /// Runs a library to its end, which must not take longer than `budget`; what it raised.
    pub(super) fn load(&mut self, host: &mut dyn Host, budget: Duration) -> Result<(), String> {
        let outcome = self.slice(host, budget, Runner::end_of_load);
        let outcome = outcome.map_err(|why| error::coded(&error::plain(&why)))?;
        let raised = outcome.ok_or_else(|| error::LOAD_TIMEOUT.to_owned())?;
        self.is_done = true;
        self.exhausted |= raised.as_deref().is_some_and(vm::says_exhausted);
        raised.map_or(Ok(()), Err)
    }

    /// Runs a slice; what `end` makes of what the script has left on its stack, if it has ended.
    fn slice<T>(
        &mut self,
        host: &mut dyn Host,
        budget: Duration,
        end: fn(&mut Stack<'_>, &Tray, &RegistryKey, &str) -> T,
    ) -> mlua::Result<Option<T>> {
        let Runner { lua, coroutine, names, tray, name } = &mut *self.runner;
        slice::begin(budget, self.is_killed);
        let outcome = coroutine.resume(lua, &mut Desk { host, tray });
        slice::end(lua);
        tray.answer = Answer::Nothing;
        if let Some(panic) = tray.panicked() {
            resume_unwind(panic);
        }
        let mut stack = outcome?;
        // A yield of ours has no values.
        if stack.len() == 0 {
            return Ok(None);
        }
        let ended = end(&mut stack, tray, names, name);
        stack.cut(0);
        Ok(Some(ended))
    }

    /// Ends the script with an error in its next slice.
    pub fn kill(&mut self) {
        self.is_killed = true;
    }

    /// Whether the error that is its answer was counted where it came from.
    pub fn is_counted(&self) -> bool {
        self.is_counted
    }

    /// What the next script can run with, if anything, and whether memory was used up.
    pub(super) fn finish(mut self) -> (Option<Box<Runner>>, bool) {
        self.runner.tray.clear();
        let runner = (self.is_done && !self.exhausted).then_some(self.runner);
        (runner, self.exhausted)
    }
}

// On the stack there is the prelude's own word that this is the end, whether it was a good one, and what was returned or raised.
const ENDED_WELL: usize = 2;
const VALUE: usize = 3;

impl Runner {
    fn end(stack: &mut Stack<'_>, tray: &Tray, names: &RegistryKey, name: &str) -> Ending {
        let mut is_counted = false;
        if stack.value(VALUE) == Value::Table {
            let top = stack.len();
            is_counted =
                !matches!(Reader::new(stack, names).field(VALUE, Field::Counted), Value::Nil | Value::Boolean(false));
            stack.cut(top);
        }
        if stack.value(ENDED_WELL) == Value::Boolean(true) {
            let reply = convert::to_reply(stack, VALUE, names, tray.is_resp3());
            return Ending { reply, is_counted, exhausted: false };
        }
        let line = Runner::raised(stack, names, name);
        Ending { exhausted: vm::says_exhausted(&line), reply: Reply::Error(line.into()), is_counted }
    }

    fn raised(stack: &mut Stack<'_>, names: &RegistryKey, name: &str) -> String {
        let text = match stack.value(VALUE) {
            Value::Table => None,
            Value::Text(text) => Some(String::from_utf8_lossy(text).into_owned()),
            _ => Some(String::new()),
        };
        if let Some(text) = text {
            return error::located(&error::coded(&text), name, None);
        }
        let mut reader = Reader::new(stack, names);
        let error = reader.text(VALUE, Field::Err).unwrap_or_else(|| error::UNKNOWN.to_owned());
        let line = match reader.field(VALUE, Field::Line) {
            Value::Number(line) => Some(line as i64),
            _ => None,
        };
        match (reader.text(VALUE, Field::Source), line) {
            (Some(source), Some(line)) => error::located(&error, name, Some((&source, line))),
            _ => error::located(&error, name, None),
        }
    }

    /// What a library raised.
    fn end_of_load(stack: &mut Stack<'_>, _: &Tray, names: &RegistryKey, _: &str) -> Option<String> {
        if stack.value(ENDED_WELL) == Value::Boolean(true) {
            return None;
        }
        let text = Reader::new(stack, names).text(VALUE, Field::Err);
        Some(text.unwrap_or_else(|| error::UNKNOWN.to_owned()))
    }
}
