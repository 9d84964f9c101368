//! One run of a script, in slices. Its calls are done through the [`Host`] of the slice.
//!
//! Lua finds the host in a table, where each slice puts it and takes it out again: so nothing of the host is borrowed
//! between two slices, and a script that keeps `redis.call` in a local variable keeps what works in the next slice, too.

use super::library::Shared;
use super::{Called, Host, convert, error, number, slice, vm};
use crate::command::args::OwnedArgs;
use crate::reply::Reply;
use mlua::{Lua, MultiValue, Table, Thread, Value};
use std::fmt;
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

/// A script that runs.
pub struct Run {
    lua: Lua,
    thread: Thread,
    slot: Table,
    shared: Arc<Shared>,
    name: String,
    /// What the first slice begins with.
    first: Option<MultiValue>,
    /// The call that needs something loaded.
    pending: Option<OwnedArgs>,
    is_done: bool,
    is_counted: bool,
    is_killed: bool,
    exhausted: bool,
}

impl fmt::Debug for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Run").field("name", &self.name).finish()
    }
}

// What the prelude asks for, and what it is answered.
const CALL: i64 = 0;
const AGAIN: i64 = 1;
const MAY: i64 = 2;
const LOG: i64 = 3;
const DONE: i64 = 0;
const FAILED: i64 = 1;
const MISSING: i64 = 2;

impl Run {
    pub(super) fn new(
        lua: Lua,
        thread: Thread,
        first: MultiValue,
        slot: Table,
        shared: Arc<Shared>,
        name: &str,
    ) -> Run {
        let name = name.to_owned();
        Run {
            lua,
            thread,
            slot,
            shared,
            name,
            first: Some(first),
            pending: None,
            is_done: false,
            is_counted: false,
            is_killed: false,
            exhausted: false,
        }
    }

    /// Runs until the script ends, `budget` is used up, or something is missing.
    pub fn step(&mut self, host: &mut dyn Host, budget: Duration) -> Step {
        slice::begin(budget, self.is_killed);
        let outcome = self.resume(host);
        slice::end(&self.lua);
        match outcome {
            // A yield of ours has no values.
            Ok(values) if values.is_empty() => match self.pending {
                Some(_) => Step::Missing,
                None => Step::TimeUp,
            },
            Ok(values) if self.pending.is_some() => Step::Stuck(self.answer(values)),
            Ok(values) => Step::Done(self.answer(values)),
            Err(why) => {
                let line = error::located(&error::coded(&error::plain(&why)), &self.name, None);
                self.exhausted |= vm::says_exhausted(&line);
                Step::Done(Reply::Error(line.into()))
            }
        }
    }

    fn resume(&mut self, host: &mut dyn Host) -> mlua::Result<MultiValue> {
        let (lua, thread, slot) = (&self.lua, &self.thread, &self.slot);
        let (shared, pending) = (&self.shared, &mut self.pending);
        let first = self.first.take().unwrap_or_default();
        lua.scope(|scope| {
            let mut desk = Desk { host, shared, pending };
            slot.raw_set(1, scope.create_function_mut(move |lua, args: MultiValue| desk.serve(lua, args))?)?;
            thread.resume(first)
        })
    }

    /// What the script returned or raised.
    fn answer(&mut self, mut values: MultiValue) -> Reply {
        // The prelude's own word that this is the end.
        values.pop_front();
        self.is_done = true;
        let ended_well = matches!(values.pop_front(), Some(Value::Boolean(true)));
        if let Some(Value::Table(table)) = values.front() {
            self.is_counted = table.raw_get("ignore_error_stats_update").unwrap_or(false);
        }
        if ended_well {
            return convert::to_reply(&values, self.shared.is_resp3());
        }
        let line = self.error(values.pop_front().unwrap_or(Value::Nil));
        self.exhausted |= vm::says_exhausted(&line);
        Reply::Error(line.into())
    }

    fn error(&self, raised: Value) -> String {
        let Value::Table(table) = raised else {
            let text = raised.to_string().unwrap_or_default();
            return error::located(&error::coded(&text), &self.name, None);
        };
        let text = |field: &str| match table.raw_get(field) {
            Ok(Value::String(text)) => Some(text.to_string_lossy()),
            _ => None,
        };
        let line = table.raw_get::<Option<i64>>("line").unwrap_or_default();
        let error = text("err").unwrap_or_else(|| error::UNKNOWN.to_owned());
        match (text("source"), line) {
            (Some(source), Some(line)) => error::located(&error, &self.name, Some((&source, line))),
            _ => error::located(&error, &self.name, None),
        }
    }

    /// Runs a library to its end, which must not take longer than `budget`; what it raised.
    pub(super) fn load(&mut self, host: &mut dyn Host, budget: Duration) -> Result<(), String> {
        slice::begin(budget, false);
        let outcome = self.resume(host);
        slice::end(&self.lua);
        let mut values = outcome.map_err(|why| error::coded(&error::plain(&why)))?;
        if values.is_empty() {
            return Err(error::LOAD_TIMEOUT.to_owned());
        }
        self.is_done = true;
        if matches!(values.get(1), Some(Value::Boolean(true))) {
            return Ok(());
        }
        let raised = values.pop_back();
        let text =
            raised.as_ref().and_then(Value::as_table).and_then(|t| t.raw_get::<Option<String>>("err").ok().flatten());
        let text = text.unwrap_or_else(|| error::UNKNOWN.to_owned());
        self.exhausted |= vm::says_exhausted(&text);
        Err(text)
    }

    /// Ends the script with an error in its next slice.
    pub fn kill(&mut self) {
        self.is_killed = true;
    }

    /// Whether the error that is its answer was counted where it came from.
    pub fn is_counted(&self) -> bool {
        self.is_counted
    }

    /// The coroutine, if it can run another script, and whether memory was used up.
    pub(super) fn finish(self) -> (Option<Thread>, bool) {
        let thread = (self.is_done && !self.exhausted).then_some(self.thread);
        (thread, self.exhausted)
    }
}

/// Where a script's requests arrive during a slice.
struct Desk<'a> {
    host: &'a mut dyn Host,
    shared: &'a Shared,
    pending: &'a mut Option<OwnedArgs>,
}

type Answer = (i64, Value);

impl Desk<'_> {
    fn serve(&mut self, lua: &Lua, mut args: MultiValue) -> mlua::Result<Answer> {
        slice::go_on();
        match args.pop_front() {
            Some(Value::Integer(CALL)) => match call_of(&args) {
                Ok(call) => self.call(lua, call),
                Err(why) => failed(lua, why),
            },
            Some(Value::Integer(AGAIN)) => match self.pending.take() {
                Some(call) => self.call(lua, call),
                None => Ok((DONE, Value::Nil)),
            },
            Some(Value::Integer(MAY)) => match call_of(&args) {
                Ok(call) => match self.host.may_call(&call) {
                    Some(may) => Ok((DONE, Value::Boolean(may))),
                    None => failed(lua, error::NO_SUCH_CALL),
                },
                Err(why) => failed(lua, why),
            },
            Some(Value::Integer(LOG)) => {
                if let (Some(Value::Integer(level)), Some(Value::String(line))) = (args.front(), args.get(1)) {
                    self.host.log(u8::try_from(*level).unwrap_or(3), &line.as_bytes());
                }
                Ok((DONE, Value::Nil))
            }
            _ => Ok((DONE, Value::Nil)),
        }
    }

    fn call(&mut self, lua: &Lua, call: OwnedArgs) -> mlua::Result<Answer> {
        match self.host.call(&call) {
            Called::Reply(Reply::Error(line)) => Ok((FAILED, convert::error_table(lua, &line)?)),
            Called::Reply(reply) => Ok((DONE, convert::to_lua(lua, &reply, self.shared.is_resp3())?)),
            Called::Missing => {
                *self.pending = Some(call);
                Ok((MISSING, Value::Nil))
            }
        }
    }
}

fn failed(lua: &Lua, line: &str) -> mlua::Result<Answer> {
    Ok((FAILED, convert::error_table(lua, line)?))
}

/// The arguments of redis.call as a call.
fn call_of(args: &MultiValue) -> Result<OwnedArgs, &'static str> {
    if args.is_empty() {
        return Err(error::NO_ARGUMENTS);
    }
    let mut call = OwnedArgs::builder(args.len());
    for value in args {
        match value {
            Value::String(text) => call.push(&text.as_bytes()),
            Value::Integer(i64::MIN) => call.push_with(|out| number::argument(i64::MIN as f64, out)),
            Value::Integer(n) => call.push(itoa::Buffer::new().format(*n).as_bytes()),
            Value::Number(n) => call.push_with(|out| number::argument(*n, out)),
            _ => return Err(error::BAD_ARGUMENTS),
        }
    }
    Ok(call.build())
}
