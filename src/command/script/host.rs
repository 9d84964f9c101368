//! Does what a script calls: finds the command, sees whether a script may run it, runs and counts it.
//!
//! A script is one call at one time: TIME answers the same to all of it, nobody else's calls come in between, one commit
//! holds what it changed. Must never know: Lua.

use super::run::Terms;
use crate::acl::Context;
use crate::broker::client::ClientId;
use crate::broker::scripts::Running;
use crate::broker::work::{Step, Work};
use crate::broker::{Ctx, Engine};
use crate::command::args::{Args, OwnedArgs};
use crate::command::dispatch;
use crate::command::error::{self, Refusal};
use crate::command::permission;
use crate::command::slots;
use crate::command::spec::{Flag, Spec};
use crate::command::table;
use crate::reply::Reply;
use crate::script::{Called, Host, Run, Step as Stepped};
use brooklet_storage::load::Missing;
use std::borrow::Cow;
use std::time::Duration;

/// How long a script runs at a time.
const SLICE: Duration = Duration::from_millis(1);
/// The same where nothing may depend on real time.
const LONG_SLICE: Duration = Duration::from_secs(60);

/// Loads for one call of a script, after which it is given up: what it needs is dropped again before it has all.
const MOST_LOADS: u32 = 1000;

/// Begins a script for a caller. One that needs more than this hold of the lock goes on as [`Work`].
pub fn start(
    ctx: &mut Ctx<'_>,
    run: Run,
    terms: Terms,
    function: Option<(String, Args<'_>)>,
) -> Result<Reply, Refusal> {
    let (client, db, engine) = (ctx.client, ctx.db, &mut *ctx.engine);
    let now_us = engine.clock.now_us();
    let mut script = Script {
        client,
        db,
        now_us,
        run: Some(run),
        terms,
        progress: Progress { slot: terms.slot, ..Progress::default() },
        is_function: function.is_some(),
    };
    engine.store.begin_unit();
    match script.step(engine) {
        Step::Done(outcome) => outcome,
        Step::Missing(missing) if !script.progress.changed => {
            // It has changed nothing: it begins anew once that is loaded, and nobody has to wait for it.
            script.leave(engine);
            Err(Refusal::Missing(missing))
        }
        Step::Missing(_) | Step::More => {
            let function = function.map(|(name, call)| (name, OwnedArgs::copy_of(call)));
            engine.scripts.running = Some(Running { wrote: script.progress.wrote, function, killed: false });
            Err(Refusal::Unfinished(Box::new(script)))
        }
    }
}

/// A script on its way.
#[derive(Debug)]
struct Script {
    client: ClientId,
    /// The database of its caller, which it gives back.
    db: u32,
    /// When it began, Unix microseconds.
    now_us: i64,
    /// Taken at the end.
    run: Option<Run>,
    terms: Terms,
    progress: Progress,
    is_function: bool,
}

/// What came of a script so far.
#[derive(Debug, Default)]
struct Progress {
    /// It has done something that cannot be done twice.
    changed: bool,
    /// A call that writes has run.
    wrote: bool,
    missing: Option<Missing>,
    /// The slot of all keys so far, where they must be in one.
    slot: Option<u16>,
    /// Loads for the call that misses something.
    loads: u32,
}

impl Script {
    /// Gives back what was the caller's and the broker's.
    fn leave(&mut self, engine: &mut Engine) {
        if let Some(c) = engine.clients.get_mut(self.client) {
            c.db = self.db;
        }
        engine.scripts.running = None;
        if let Some(run) = self.run.take() {
            engine.stats.error_is_counted = run.is_counted();
            match self.is_function {
                true => engine.functions.end(run),
                false => engine.scripts.end(run),
            }
        }
    }

    fn end(&mut self, engine: &mut Engine, reply: Reply) -> Step {
        self.leave(engine);
        Step::Done(Ok(reply))
    }
}

impl Work for Script {
    fn step(&mut self, engine: &mut Engine) -> Step {
        let Some(run) = &mut self.run else { return Step::Done(Err(error::script::NOT_BUSY)) };
        if engine.scripts.running.as_ref().is_some_and(|running| running.killed) {
            run.kill();
        }
        let (client, terms) = (self.client, self.terms);
        let mut caller = Caller { engine, client, terms, progress: &mut self.progress };
        caller.engine.script_us = Some(self.now_us);
        let slice = if caller.engine.tasks.is_by_hand() { LONG_SLICE } else { SLICE };
        let stepped = run.step(&mut caller, slice);
        engine.script_us = None;
        let missing = self.progress.missing.take();
        match (stepped, missing) {
            (Stepped::Done(reply), _) => self.end(engine, reply),
            (Stepped::Stuck(_), Some(missing)) if !self.progress.changed => Step::Missing(missing),
            (Stepped::Stuck(reply), _) => self.end(engine, reply),
            (Stepped::TimeUp | Stepped::Missing, missing) => {
                if let Some(running) = &mut engine.scripts.running {
                    running.wrote = self.progress.wrote;
                }
                missing.map_or(Step::More, Step::Missing)
            }
        }
    }
}

/// Who runs a script, for one step of it.
struct Caller<'s> {
    engine: &'s mut Engine,
    client: ClientId,
    terms: Terms,
    progress: &'s mut Progress,
}

impl Caller<'_> {
    /// Why a call is not run.
    fn check(&mut self, spec: &'static Spec, args: Args<'_>) -> Result<(), Cow<'static, str>> {
        let engine = &mut *self.engine;
        // A message that others get is no less an effect than a change.
        let writes = spec.kind.writes() || spec.has(Flag::HeldByPause);
        if spec.has(Flag::NoScript) {
            return Err(error::script::NOT_ALLOWED.into());
        }
        if let Err(denial) = permission::check_in(engine, self.client, spec, args, Context::Script) {
            let name = engine.user_of(self.client).map_or(&b""[..], |user| user.name());
            return Err(error::acl::denied_in_script(name, spec.name, &denial).into());
        }
        if writes && self.terms.read_only {
            return Err(error::script::READ_ONLY.into());
        }
        // One that has begun to write may end what it began.
        if let (true, Some(why)) = (writes && !self.progress.wrote, &engine.write_trouble) {
            return Err(line_of(error::write_trouble(why)));
        }
        if spec.has(Flag::Denyoom) && !self.terms.allow_oom && !self.progress.wrote && engine.is_out_of_memory() {
            return Err(line_of(error::OOM));
        }
        if engine.cluster.is_some() {
            self.check_slot(spec, args)?;
        }
        Ok(())
    }

    fn check_slot(&mut self, spec: &Spec, args: Args<'_>) -> Result<(), Cow<'static, str>> {
        let slot = slots::of_call(spec, args).map_err(|_| error::script::crossed(spec.name))?;
        match slot.filter(|_| self.terms.one_slot) {
            Some(slot) if *self.progress.slot.get_or_insert(slot) != slot => Err(error::script::OTHER_SLOT.into()),
            _ => Ok(()),
        }
    }

    fn refuse(&mut self, spec: Option<&'static Spec>, line: Cow<'static, str>) -> Called {
        let stats = &mut self.engine.stats;
        if let Some(spec) = spec {
            stats.count_rejected(spec);
        }
        stats.count_error(&line);
        Called::Reply(Reply::Error(line))
    }

    fn run(&mut self, spec: &'static Spec, args: Args<'_>) -> Called {
        let reply = match dispatch::run_inside(self.engine, self.client, spec, args) {
            Ok(reply) => reply,
            Err(Refusal::Wire(line)) => Reply::Error(line),
            // Nothing waits inside of a script.
            Err(Refusal::Park(park)) => park.at_once,
            Err(Refusal::Errand(_) | Refusal::Unfinished(_)) => Reply::Error(error::script::NOT_ALLOWED.into()),
            Err(Refusal::Missing(missing)) if self.progress.loads < MOST_LOADS => {
                self.progress.loads += 1;
                self.progress.missing = Some(missing);
                return Called::Missing;
            }
            Err(Refusal::Missing(_)) => Reply::Error(error::TOO_LITTLE_MEMORY.into()),
        };
        self.progress.loads = 0;
        self.progress.wrote |= spec.kind.writes();
        self.progress.changed |= !is_repeatable(spec);
        Called::Reply(reply)
    }
}

impl Host for Caller<'_> {
    fn call(&mut self, args: Args<'_>) -> Called {
        let (spec, refused) = find(args);
        let refused = refused.map(Cow::Borrowed).or_else(|| self.check(spec?, args).err());
        match (spec, refused) {
            (Some(spec), None) => self.run(spec, args),
            (spec, line) => self.refuse(spec, line.unwrap_or(error::script::UNKNOWN.into())),
        }
    }

    fn may_call(&mut self, args: Args<'_>) -> Option<bool> {
        let spec = find(args).0?;
        Some(self.engine.user_of(self.client).is_none_or(|user| user.check(spec, args).is_ok()))
    }

    fn log(&mut self, level: u8, line: &[u8]) {
        let line = String::from_utf8_lossy(line);
        match level {
            0 | 1 => tracing::debug!("script: {line}"),
            2 => tracing::info!("script: {line}"),
            _ => tracing::warn!("script: {line}"),
        }
    }
}

/// Whether a call may run twice: it changes nothing but the selected database.
fn is_repeatable(spec: &Spec) -> bool {
    spec.kind.reads() || spec.name == "select"
}

fn line_of(refusal: Refusal) -> Cow<'static, str> {
    match refusal {
        Refusal::Wire(line) => line,
        _ => Cow::Borrowed(error::script::NOT_ALLOWED),
    }
}

/// The command that a call means, and what is wrong with the call.
fn find(args: Args<'_>) -> (Option<&'static Spec>, Option<&'static str>) {
    let Some(spec) = table::mentioned(args) else { return (None, Some(error::script::UNKNOWN)) };
    (Some(spec), (!spec.accepts(args.len())).then_some(error::script::ARITY))
}
