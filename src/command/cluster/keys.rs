//! Keys and their slots: CLUSTER KEYSLOT, COUNTKEYSINSLOT, GETKEYSINSLOT.
//!
//! Nobody moves slots, so no list of their keys is kept: the last two look at every name, as KEYS does.

use super::Answer;
use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::{self, Refusal};
use crate::command::number;
use crate::command::slots::{self, SLOTS};
use crate::reply::Reply;

/// Names looked at before it is seen whether there are enough.
const STEP: usize = 4096;

/// CLUSTER KEYSLOT.
pub(super) fn slot(_: &mut Ctx<'_>, args: Args<'_>) -> Answer {
    Ok(Reply::Integer(slots::of(args.at(2)).into()))
}

/// CLUSTER COUNTKEYSINSLOT.
pub(super) fn count(ctx: &mut Ctx<'_>, args: Args<'_>) -> Answer {
    let slot = in_range(number::arg(args.at(2))?).ok_or(error::cluster::INVALID_SLOT)?;
    let mut count = 0;
    walk(ctx, slot, |_| {
        count += 1;
        true
    })?;
    Ok(Reply::Integer(count))
}

/// CLUSTER GETKEYSINSLOT.
pub(super) fn names(ctx: &mut Ctx<'_>, args: Args<'_>) -> Answer {
    let (slot, most) = (number::arg(args.at(2))?, number::arg(args.at(3))?);
    let wanted = in_range(slot).zip(usize::try_from(most).ok());
    let (slot, most) = wanted.ok_or(error::cluster::INVALID_SLOT_OR_COUNT)?;
    let mut names = Vec::new();
    walk(ctx, slot, |name| {
        if names.len() < most {
            names.push(Reply::bulk(name));
        }
        names.len() < most
    })?;
    Ok(Reply::Array(names))
}

fn in_range(slot: i64) -> Option<u16> {
    u16::try_from(slot).ok().filter(|slot| *slot < SLOTS)
}

/// Visits names in a slot, until there are enough.
fn walk(ctx: &Ctx<'_>, slot: u16, mut visit: impl FnMut(&[u8]) -> bool) -> Result<(), Refusal> {
    let (mut from, mut more) = (0, true);
    while more {
        from = ctx.engine.store.walk(ctx.db, from, STEP, ctx.names(), |name, _| {
            if slots::of(name) == slot {
                more &= visit(name);
            }
        })?;
        more &= from != 0;
    }
    Ok(())
}

#[cfg(test)]
#[cfg(feature = "memory")]
mod tests {
    use crate::broker::cluster::{Cluster, fresh_name};
    use crate::command::cold_kit::Broker;
    use crate::reply::Reply;

    #[test]
    fn names_that_are_only_on_disk_are_counted() {
        let mut broker = Broker::after(&["MSET a 1 {a}b 2 b 3", "XADD {a}s * f v"]);
        broker.engine.cluster = Some(Cluster::new(fresh_name()));
        broker.call("SET {a}new 4");
        assert_eq!(broker.call("CLUSTER COUNTKEYSINSLOT 15495"), Reply::Integer(4));
        assert_eq!(broker.call("CLUSTER COUNTKEYSINSLOT 3300"), Reply::Integer(1));
        assert_eq!(broker.call("CLUSTER GETKEYSINSLOT 3300 5"), Reply::Array(vec![Reply::text("b")]));
        let Reply::Array(names) = broker.call("CLUSTER GETKEYSINSLOT 15495 3") else { panic!("no names") };
        assert_eq!(names.len(), 3);
    }
}
