//! Verbs about policies (`src/policy/`): standing rules for streams. No such verb exists in Redis.
//!
//! A policy is named by its key; `TEMPLATE:name` stands for a template instead. Policies outlive the streams that they
//! are about, as well as FLUSHALL: they are what was configured, not data.

mod del;
mod effective;
mod get;
mod list;
mod run;
mod set;
mod template;

use super::args::Args;
use super::error::{self, Refusal};
use super::spec::Spec;
use crate::broker::Ctx;
use crate::policy::settings::{Settings, Wrong};
use crate::policy::{self, Scope, Template};

/// The verbs of this group, one line each.
pub static VERBS: &[&Spec] =
    &[&del::SPEC, &effective::SPEC, &get::SPEC, &list::SPEC, &run::SPEC, &set::SPEC, &template::SPEC];

/// What a key's name begins with when a template is meant.
const TEMPLATE: &[u8] = b"TEMPLATE:";

/// Whose policy an argument means.
fn scope(ctx: &Ctx<'_>, name: &[u8]) -> Scope {
    match name.strip_prefix(TEMPLATE) {
        Some(template) => Scope::Template(template.into()),
        None => Scope::Key(ctx.db, name.into()),
    }
}

/// Takes over pairs of a setting and its value.
fn read_settings(settings: &mut Settings, pairs: Args<'_>, verb: &str) -> Result<(), Refusal> {
    if !pairs.len().is_multiple_of(2) {
        return Err(error::wrong_arity(verb));
    }
    for at in (0..pairs.len()).step_by(2) {
        settings.set(pairs.at(at), pairs.at(at + 1)).map_err(|wrong| refusal(wrong, pairs.at(at)))?;
    }
    Ok(())
}

fn refusal(wrong: Wrong, name: &[u8]) -> Refusal {
    match wrong {
        Wrong::Name => error::policy::unknown_setting(name),
        Wrong::Value(setting) => error::policy::wrong_value(name, setting.values),
        Wrong::Many => error::policy::TOO_LARGE,
    }
}

/// Stores a policy, or removes it; calls that wait for streams it may be about look again.
fn store(ctx: &mut Ctx<'_>, scope: Scope, policy: Option<Template>) -> Result<(), Refusal> {
    let is_new = policy.is_some() && ctx.engine.policies.get(&scope).is_none();
    if is_new && ctx.engine.policies.len() >= policy::MOST {
        return Err(error::policy::TOO_MANY);
    }
    let (name, bytes) = ctx.engine.policies.set(scope.clone(), policy);
    ctx.store().set_rule(&name, &bytes);
    match scope {
        Scope::Key(db, name) => ctx.store().signal(db, &name),
        Scope::Template(_) => (0..ctx.engine.store.databases()).for_each(|db| ctx.signal_database(db)),
    }
    Ok(())
}
