//! Deleting single entries, as XDEL and its relatives share it.
//!
//! Everything that has to be read is read before the first entry goes: once something was changed, a command must not
//! have to wait for the disk any more. The one surprising rule: the last effect alone says which entry is first now.

use crate::broker::Ctx;
use crate::command::error::Refusal;
use brooklet_storage::StreamId;
use brooklet_storage::batch::{Effect, Ids};
use brooklet_storage::store::{Class, Key};
use brooklet_storage::stream::log::{Cold, Log};
use std::collections::BTreeSet;

/// Live entries that will be deleted; what that needs is in memory.
#[derive(Debug, Default)]
pub struct Deletion {
    ids: BTreeSet<StreamId>,
    first_after: Option<StreamId>,
}

impl Deletion {
    /// Makes ready to delete those of `wanted` that are live entries.
    pub fn plan(ctx: &Ctx<'_>, key: Key, wanted: impl IntoIterator<Item = StreamId>) -> Result<Deletion, Refusal> {
        let log = &ctx.stream(key).log;
        let wanted: BTreeSet<StreamId> = wanted.into_iter().collect();
        let live = ctx.warm(key, log.contain(wanted.iter().copied()))?;
        let ids = wanted.into_iter().zip(live).filter(|(_, live)| *live).map(|(id, _)| id).collect();
        let first_after = ctx.warm(key, first_without(log, &ids))?;
        Ok(Deletion { ids, first_after })
    }

    /// How many entries go.
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// The entries that go.
    pub fn ids(&self) -> &BTreeSet<StreamId> {
        &self.ids
    }

    /// Deletes them.
    pub fn apply(&self, ctx: &mut Ctx<'_>, key: Key) {
        let before = ctx.stream(key).log.first_id();
        let after = self.first_after.unwrap_or(before);
        for (i, id) in self.ids.iter().enumerate() {
            let first = if i + 1 == self.ids.len() { after } else { before };
            ctx.store().change(key, &Effect::DeleteEntry { id: *id, first });
        }
        if !self.ids.is_empty() {
            ctx.notify_key(Class::STREAM, "xdel", key);
        }
    }
}

/// The first live entry once `ids` are gone, if there is one.
fn first_without(log: &Log, ids: &BTreeSet<StreamId>) -> Result<Option<StreamId>, Cold> {
    let mut first = Some(log.first_id());
    while let Some(id) = first.filter(|id| ids.contains(id)) {
        first = match id.next() {
            Some(next) => log.first_from(next)?,
            None => None,
        };
    }
    Ok(first)
}

/// Makes the ids pending in no group.
pub fn drop_references(ctx: &mut Ctx<'_>, key: Key, ids: impl IntoIterator<Item = StreamId>) {
    for id in ids {
        for group in ctx.stream(key).groups_pending(id) {
            ctx.store().change(key, &Effect::Ack { group, ids: Ids::Listed(&[id]) });
        }
    }
}
