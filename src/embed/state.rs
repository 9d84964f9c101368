//! Looking at streams and groups without commands: what a test wants to assert.

use super::Error;
use crate::broker::shared::Shared;
use brooklet_storage::StreamId;
use brooklet_storage::load::Missing;
use brooklet_storage::store::Store;
use brooklet_storage::stream::Stream;
use brooklet_storage::stream::group::Group;

/// A stream as it was when asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamState {
    /// Live entries.
    pub len: u64,
    /// The last id ever generated.
    pub last_id: StreamId,
    /// Entries ever added.
    pub entries_added: u64,
    groups: Vec<(Vec<u8>, GroupState)>,
}

/// A consumer group as it was when asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupState {
    /// The last id that was delivered.
    pub last_delivered: StreamId,
    /// Live entries that were not delivered yet, exactly.
    pub lag: u64,
    /// Names of the consumers, in byte order.
    pub consumers: Vec<Vec<u8>>,
    pending: Vec<PendingState>,
}

/// One pending entry as it was when asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PendingState {
    /// The entry.
    pub id: StreamId,
    /// Its owner; empty if it was released.
    pub consumer: Vec<u8>,
    /// Milliseconds since its last delivery.
    pub idle_ms: i64,
    /// Deliveries so far.
    pub deliveries: i64,
}

impl StreamState {
    /// The group `name`, if there is one.
    pub fn group(&self, name: impl AsRef<[u8]>) -> Option<&GroupState> {
        self.groups.iter().find(|(n, _)| n == name.as_ref()).map(|(_, group)| group)
    }

    pub(super) fn of(shared: &Shared, name: &[u8]) -> Result<Option<StreamState>, Error> {
        loop {
            let missing = {
                let mut engine = shared.engine();
                engine.store.now_ms = engine.clock.now_ms();
                match look(&mut engine.store, name) {
                    Ok(state) => return Ok(state),
                    Err(missing) => missing,
                }
            };
            let loaded = shared.load(missing).map_err(|e| Error::Stopped(e.to_string()))?;
            shared.engine().store.install(loaded);
        }
    }
}

fn look(store: &mut Store, name: &[u8]) -> Result<Option<StreamState>, Missing> {
    let Some(key) = store.find(0, name)? else { return Ok(None) };
    let now_ms = store.now_ms;
    Ok(store.stream(key).map(|stream| StreamState {
        len: stream.len(),
        last_id: stream.last_id,
        entries_added: stream.entries_added,
        groups: stream.groups().map(|(name, g)| (name.to_vec(), GroupState::of(stream, g, now_ms))).collect(),
    }))
}

impl GroupState {
    /// Entries delivered and not acknowledged, by id.
    pub fn pending(&self) -> &[PendingState] {
        &self.pending
    }

    fn of(stream: &Stream, group: &Group, now_ms: i64) -> GroupState {
        let owner = |number| group.consumer(number).map_or_else(Vec::new, |c| c.name.to_vec());
        GroupState {
            last_delivered: group.last_delivered,
            lag: stream.lag(group),
            consumers: group.consumers().map(|(_, c)| c.name.to_vec()).collect(),
            pending: group
                .pending
                .iter()
                .map(|(id, p)| PendingState {
                    id,
                    consumer: owner(p.consumer),
                    idle_ms: now_ms.saturating_sub(p.delivered_ms).max(0),
                    deliveries: p.deliveries,
                })
                .collect(),
        }
    }
}
