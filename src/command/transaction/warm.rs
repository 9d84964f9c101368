//! Asking for all keys that a transaction names before its first call runs: one load for each database, while nothing
//! holds the engine.

use crate::broker::Engine;
use crate::broker::transaction::Queued;
use crate::command::args::Args;
use crate::command::number;
use crate::command::spec::Spec;
use brooklet_storage::load::Missing;

/// Whether a verb chooses the database of the calls behind it.
pub fn selects(spec: &Spec) -> bool {
    spec.name == "select"
}

/// Fails with what must be loaded before `calls` should run for a client in database `db`.
pub fn up(engine: &Engine, db: u32, calls: &[Queued]) -> Result<(), Missing> {
    let mut selected = db;
    let mut names: Vec<(u32, Vec<&[u8]>)> = Vec::new();
    for queued in calls {
        let (spec, args) = (queued.spec, queued.call.as_args());
        if selects(spec) {
            selected = target(engine, args).unwrap_or(selected);
        }
        let positions = spec.keys.positions(args).unwrap_or_default();
        let keys = positions.into_iter().map(|at| args.at(at));
        match names.iter_mut().find(|(db, _)| *db == selected) {
            Some((_, list)) => list.extend(keys),
            None => names.push((selected, keys.collect())),
        }
    }
    names.into_iter().try_for_each(|(db, names)| engine.store.all_warm(db, names))
}

/// The database that a SELECT chooses, if there is one.
fn target(engine: &Engine, args: Args<'_>) -> Option<u32> {
    let db = number::integer(args.at(1)).and_then(|n| u32::try_from(n).ok())?;
    (db < engine.store.databases()).then_some(db)
}
