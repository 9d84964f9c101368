//! Does what a script calls: finds the command, sees whether a script may run it, runs and counts it.
//!
//! A script is one call at one time: TIME answers the same to all of it, nobody else's calls come in between, one commit
//! holds what it changed. Must never know: Lua.

use super::run::Terms;
use crate::broker::Ctx;
use crate::command::args::{Args, OwnedArgs};
use crate::command::dispatch;
use crate::command::error::{self, Refusal};
use crate::command::spec::{Flag, Spec};
use crate::command::table;
use crate::command::transaction;
use crate::reply::Reply;
use crate::script::{Called, Host};
use brooklet_storage::load::Missing;
use std::borrow::Cow;

/// Who runs a script, and what came of it so far.
pub struct Caller<'c, 'e> {
    ctx: &'c mut Ctx<'e>,
    terms: Terms,
    /// It has done something that cannot be done twice.
    changed: bool,
    /// A call that writes has run.
    wrote: bool,
    missing: Option<Missing>,
}

impl<'c, 'e> Caller<'c, 'e> {
    /// At the start of a script.
    pub fn new(ctx: &'c mut Ctx<'e>, terms: Terms) -> Caller<'c, 'e> {
        Caller { ctx, terms, changed: false, wrote: false, missing: None }
    }

    /// Whether the script cannot begin anew.
    pub fn has_changed(&self) -> bool {
        self.changed
    }

    /// What the last call has to have loaded.
    pub fn missing(&mut self) -> Refusal {
        let missing = self.missing.take();
        missing.map_or(error::script::problem(error::TOO_LITTLE_MEMORY), Refusal::Missing)
    }

    /// Why a call is not run.
    fn check(&mut self, spec: &'static Spec) -> Result<(), Cow<'static, str>> {
        let engine = &mut *self.ctx.engine;
        let writes = spec.kind.writes();
        if spec.has(Flag::NoScript) {
            return Err(error::script::NOT_ALLOWED.into());
        }
        if writes && self.terms.read_only {
            return Err(error::script::READ_ONLY.into());
        }
        if let (true, Some(why)) = (writes, &engine.write_trouble) {
            return Err(line_of(error::write_trouble(why)));
        }
        // One that has begun to write may end what it began.
        if spec.has(Flag::Denyoom) && !self.terms.allow_oom && !self.wrote && engine.is_out_of_memory() {
            return Err(line_of(error::OOM));
        }
        Ok(())
    }

    fn refuse(&mut self, spec: Option<&'static Spec>, line: Cow<'static, str>) -> Called {
        let stats = &mut self.ctx.engine.stats;
        if let Some(spec) = spec {
            stats.count_rejected(spec);
        }
        stats.count_error(&line);
        Called::Reply(Reply::Error(line))
    }

    fn run(&mut self, spec: &'static Spec, args: Args<'_>) -> Called {
        let reply = match dispatch::run_in_script(self.ctx.engine, self.ctx.client, spec, args) {
            Ok(reply) => reply,
            Err(Refusal::Wire(line)) => Reply::Error(line),
            // Nothing waits inside of a script.
            Err(Refusal::Park(park)) => park.empty,
            Err(Refusal::Errand(_)) => Reply::Error(error::script::NOT_ALLOWED.into()),
            Err(Refusal::Missing(missing)) => {
                self.missing = Some(missing);
                return Called::Missing;
            }
        };
        self.wrote |= spec.kind.writes();
        self.changed |= !transaction::is_repeatable(spec);
        Called::Reply(reply)
    }
}

impl Host for Caller<'_, '_> {
    fn call(&mut self, call: &OwnedArgs) -> Called {
        let args = call.as_args();
        let (spec, refused) = find(args);
        let refused = refused.map(Cow::Borrowed).or_else(|| self.check(spec?).err());
        match (spec, refused) {
            (Some(spec), None) => self.run(spec, args),
            (spec, line) => self.refuse(spec, line.unwrap_or(error::script::UNKNOWN.into())),
        }
    }

    fn may_call(&mut self, call: &OwnedArgs) -> Option<bool> {
        find(call.as_args()).0.map(|_| true)
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

fn line_of(refusal: Refusal) -> Cow<'static, str> {
    match refusal {
        Refusal::Wire(line) => line,
        _ => Cow::Borrowed(error::script::NOT_ALLOWED),
    }
}

/// The command that a call means, and what is wrong with the call.
fn find(args: Args<'_>) -> (Option<&'static Spec>, Option<&'static str>) {
    let Some(spec) = table::find(args.at(0)) else { return (None, Some(error::script::UNKNOWN)) };
    let spec = match args.get(1) {
        Some(name) if !spec.subcommands.is_empty() => {
            let found = spec.subcommands.iter().find(|sub| sub.own_name().as_bytes().eq_ignore_ascii_case(name));
            match found {
                Some(sub) => *sub,
                None => return (None, Some(error::script::UNKNOWN)),
            }
        }
        _ => spec,
    };
    (Some(spec), (!spec.accepts(args.len())).then_some(error::script::ARITY))
}
