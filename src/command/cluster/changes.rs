//! What would change the cluster: refused, after the same checks of its arguments as the reference makes. What changes nothing is taken.

use super::{Answer, cluster, nodes};
use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::{self, Refusal};
use crate::command::number;
use crate::command::slots::SLOTS;
use crate::reply::Reply;
use std::net::IpAddr;

/// How far a node's bus is from its port unless it is said.
const BUS: i64 = 10_000;

fn slot(text: &[u8]) -> Result<u16, Refusal> {
    let slot = number::integer(text).and_then(|n| u16::try_from(n).ok()).filter(|slot| *slot < SLOTS);
    slot.ok_or(error::cluster::SLOT_OUT_OF_RANGE)
}

fn range(start: &[u8], end: &[u8]) -> Result<std::ops::RangeInclusive<u16>, Refusal> {
    let (start, end) = (slot(start)?, slot(end)?);
    if start > end { Err(error::cluster::backwards(start, end)) } else { Ok(start..=end) }
}

/// Pairs of slots.
fn ranges(ctx: &Ctx<'_>, args: Args<'_>) -> Result<Vec<(usize, usize)>, Refusal> {
    if args.len() % 2 == 1 {
        return Err(error::wrong_arity(ctx.spec.name));
    }
    Ok((2..args.len()).step_by(2).map(|at| (at, at + 1)).collect())
}

/// CLUSTER ADDSLOTS.
pub(super) fn add_slots(_: &mut Ctx<'_>, args: Args<'_>) -> Answer {
    let slots: Vec<u16> = args.from(2).iter().map(slot).collect::<Result<_, _>>()?;
    Err(slots.first().map_or(error::SYNTAX, |slot| error::cluster::busy(*slot)))
}

/// CLUSTER ADDSLOTSRANGE.
pub(super) fn add_slots_range(ctx: &mut Ctx<'_>, args: Args<'_>) -> Answer {
    ranges(ctx, args)?;
    Err(error::cluster::busy(*range(args.at(2), args.at(3))?.start()))
}

/// Fails at the first slot that comes a second time.
fn each_once(mut slots: impl Iterator<Item = u16>) -> Result<(), Refusal> {
    let mut seen = vec![false; SLOTS.into()];
    let repeated =
        slots.find(|slot| seen.get_mut(usize::from(*slot)).is_some_and(|seen| std::mem::replace(seen, true)));
    repeated.map_or(Ok(()), |slot| Err(error::cluster::repeated(slot)))
}

/// CLUSTER DELSLOTS.
pub(super) fn delete_slots(_: &mut Ctx<'_>, args: Args<'_>) -> Answer {
    let slots: Vec<u16> = args.from(2).iter().map(slot).collect::<Result<_, _>>()?;
    each_once(slots.into_iter())?;
    Err(error::cluster::ALONE)
}

/// CLUSTER DELSLOTSRANGE.
pub(super) fn delete_slots_range(ctx: &mut Ctx<'_>, args: Args<'_>) -> Answer {
    let pairs = ranges(ctx, args)?.into_iter().map(|(start, end)| range(args.at(start), args.at(end)));
    let ranges: Vec<_> = pairs.collect::<Result<_, _>>()?;
    each_once(ranges.into_iter().flatten())?;
    Err(error::cluster::ALONE)
}

/// CLUSTER FLUSHSLOTS.
pub(super) fn flush_slots(ctx: &mut Ctx<'_>, _: Args<'_>) -> Answer {
    let empty = ctx.engine.store.database(ctx.db).is_empty();
    Err(if empty { error::cluster::ALONE } else { error::cluster::FLUSHSLOTS_WITH_KEYS })
}

/// The word behind a subcommand that takes one at most.
fn option<'a>(args: Args<'a>, words: [&str; 2]) -> Result<Option<&'a [u8]>, Refusal> {
    if args.len() > 3 {
        return Err(error::cluster::too_many_arguments(args.at(1)));
    }
    let known = |word: &&[u8]| words.iter().any(|known| word.eq_ignore_ascii_case(known.as_bytes()));
    match args.get(2) {
        Some(word) if !known(&word) => Err(error::SYNTAX),
        word => Ok(word),
    }
}

/// CLUSTER RESET.
pub(super) fn reset(ctx: &mut Ctx<'_>, args: Args<'_>) -> Answer {
    option(args, ["HARD", "SOFT"])?;
    let empty = ctx.engine.store.database(ctx.db).is_empty();
    Err(if empty { error::cluster::ALONE } else { error::cluster::RESET_WITH_KEYS })
}

/// CLUSTER FAILOVER.
pub(super) fn failover(_: &mut Ctx<'_>, args: Args<'_>) -> Answer {
    option(args, ["FORCE", "TAKEOVER"])?;
    Err(error::cluster::FAILOVER_OF_MASTER)
}

/// CLUSTER FORGET.
pub(super) fn forget(ctx: &mut Ctx<'_>, args: Args<'_>) -> Answer {
    nodes::known(ctx, args, Reply::OK)?;
    Err(error::cluster::FORGET_MYSELF)
}

/// CLUSTER REPLICATE.
pub(super) fn replicate(ctx: &mut Ctx<'_>, args: Args<'_>) -> Answer {
    nodes::known(ctx, args, Reply::OK)?;
    Err(error::cluster::REPLICATE_MYSELF)
}

/// CLUSTER MEET.
pub(super) fn meet(_: &mut Ctx<'_>, args: Args<'_>) -> Answer {
    if args.len() > 5 {
        return Err(error::cluster::too_many_arguments(args.at(1)));
    }
    let (ip, base) = (args.at(2), args.at(3));
    let port = number::integer(base).ok_or_else(|| error::cluster::invalid_port("base", base))?;
    let bus = match args.get(4) {
        Some(bus) => number::integer(bus).ok_or_else(|| error::cluster::invalid_port("bus", bus))?,
        None => port.saturating_add(BUS),
    };
    let is_ip = std::str::from_utf8(ip).is_ok_and(|ip| ip.parse::<IpAddr>().is_ok());
    let is_port = |port: i64| (1..=i64::from(u16::MAX)).contains(&port);
    if !is_ip || !is_port(port) || !is_port(bus) {
        return Err(error::cluster::invalid_address(ip, base));
    }
    Err(error::cluster::ALONE)
}

/// CLUSTER SETSLOT.
pub(super) fn set_slot(ctx: &mut Ctx<'_>, args: Args<'_>) -> Answer {
    let slot = slot(args.at(2))?;
    let is = |action: &str| args.at(3).eq_ignore_ascii_case(action.as_bytes());
    let node = args.get(4);
    match node.filter(|_| args.len() == 5) {
        None if args.len() == 4 && is("STABLE") => Ok(Reply::OK),
        Some(_) if is("IMPORTING") => Err(error::cluster::own_slot(slot)),
        Some(node) if is("MIGRATING") => {
            let own = nodes::is_self(ctx, node)?;
            Err(if own { error::cluster::ALONE } else { error::cluster::unknown_target(node) })
        }
        Some(node) if is("NODE") => match nodes::is_self(ctx, node)? {
            true => Ok(Reply::OK),
            false => Err(error::cluster::unknown_node(node)),
        },
        _ => Err(error::cluster::SETSLOT_ACTION),
    }
}

/// CLUSTER BUMPEPOCH.
pub(super) fn bump_epoch(ctx: &mut Ctx<'_>, _: Args<'_>) -> Answer {
    let cluster = cluster(ctx)?;
    let word = if cluster.epoch == 0 { "BUMPED" } else { "STILL" };
    cluster.epoch = cluster.epoch.max(1);
    Ok(Reply::Status(format!("{word} {}", cluster.epoch).into()))
}

/// CLUSTER SET-CONFIG-EPOCH.
pub(super) fn set_epoch(ctx: &mut Ctx<'_>, args: Args<'_>) -> Answer {
    let epoch = number::arg(args.at(2))?;
    let cluster = cluster(ctx)?;
    if epoch < 0 {
        return Err(error::cluster::invalid_epoch(epoch));
    }
    if cluster.epoch != 0 {
        return Err(error::cluster::EPOCH_TAKEN);
    }
    cluster.epoch = epoch;
    Ok(Reply::OK)
}
