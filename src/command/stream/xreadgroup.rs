//! XREADGROUP: gives a consumer what its group was not given yet (`>`), or shows it again what is pending for it.
//!
//! With CLAIM it first takes over what has been pending for long enough, for whomever; all entries then have four
//! parts. Every stream is looked at before any is served. A wait ends with NOGROUP when the group goes away.

use super::delivery::{self, Terms, Wanted, Work};
use super::group::{self, InGroup};
use super::id;
use super::read_args::{ReadArgs, Verb};
use super::read_limits::Budget;
use super::redelivery;
use crate::broker::Ctx;
use crate::broker::wait::Park;
use crate::command::args::Args;
use crate::command::error::{self, Refusal};
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::policy::Effective;
use crate::policy::delivery::Delivery;
use crate::reply::Reply;
use std::collections::HashSet;
use std::sync::Arc;

/// XREADGROUP.
pub static SPEC: Spec = Spec {
    name: "xreadgroup",
    summary: "Delivers entries to a consumer of a group, waiting for them if asked.",
    since: "5.0.0",
    group: Group::Stream,
    complexity: "O(log(S)+N*log(P)) for each stream, S its sealed chunks, N the entries given, P the pending ones",
    arity: -7,
    flags: &[Flag::MovableKeys],
    keys: Keys::Streams,
    syntax: "GROUP group consumer [COUNT count] [MAXCOUNT count] [MAXSIZE bytes] [BLOCK milliseconds] \
             [CLAIM min-idle-time] [NOACK] STREAMS key [key ...] id [id ...]",
    kind: Kind::BlockingWrite(run),
    subcommands: &[],
};

/// A reader that knows of nothing pending looks again after this time at the latest, or after the idle time it asks
/// for if that is longer: nothing that is delivered meanwhile falls due earlier.
const LOOK_AGAIN_MS: i64 = 1000;
/// And nobody sleeps longer than a day.
const LONGEST_SLEEP_MS: i64 = 24 * 3600 * 1000;

/// One stream that is read.
struct Target<'a> {
    name: &'a [u8],
    at: InGroup,
    wanted: Wanted,
    /// What a policy says of its deliveries.
    policy: Option<Arc<Effective>>,
    /// It was named before in this call: what the first one is given is not there for the second one.
    repeated: bool,
}

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    let read = ReadArgs::parse(args, Verb::ReadGroup, ctx.now_ms)?;
    let (group, consumer) = read.group.unwrap_or_default();
    let terms = Terms { consumer, claim_ms: read.claim_ms, noack: read.noack };
    let targets = targets(ctx, &read, group)?;
    let mut budget = Budget::new(read.limits);
    let works = find_all(ctx, &targets, group, &terms, &mut budget)?;

    let mut answer = Vec::new();
    for (target, work) in targets.iter().zip(works) {
        let work = if target.repeated { find_again(ctx, target, group, &terms, &mut budget) } else { work };
        if let Some(entries) = work.hand_out(ctx, target.at, &terms) {
            answer.push((Reply::bulk(target.name), entries));
        }
    }
    match read.block_ms {
        _ if !answer.is_empty() => Ok(Reply::Pairs(answer)),
        None => Ok(Reply::NullArray),
        Some(timeout_ms) => Err(Refusal::Park(Box::new(Park {
            keys: read.keys(),
            timeout_ms,
            look_again_ms: next_look(ctx, &targets, group, &terms),
            queue: None,
            rewritten: None,
            empty: Reply::NullArray,
            at_once: Reply::NullArray,
        }))),
    }
}

/// Looks at every key, its group and its id, in their order.
fn targets<'a>(ctx: &mut Ctx<'_>, read: &ReadArgs<'a>, group: &[u8]) -> Result<Vec<Target<'a>>, Refusal> {
    let mut targets = Vec::with_capacity(read.len());
    let mut seen = HashSet::new();
    for (name, id) in read.streams() {
        let at = group::find(ctx, name, group)?.ok_or_else(|| error::stream::no_group_to_read(name, group))?;
        let repeated = read.len() > 1 && !seen.insert(name);
        let policy = ctx.engine.policies.of(ctx.db, name);
        targets.push(Target { name, at, wanted: wanted(id)?, policy, repeated });
    }
    Ok(targets)
}

fn wanted(text: &[u8]) -> Result<Wanted, Refusal> {
    match text {
        b">" => Ok(Wanted::New),
        b"$" => Err(error::stream::meaningless_id('$')),
        b"+" => Err(error::stream::meaningless_id('+')),
        _ => Ok(Wanted::History(id::strict(text, 0)?)),
    }
}

/// Finds what there is for every stream: after this nothing can be missing any more.
fn find_all(
    ctx: &mut Ctx<'_>,
    targets: &[Target<'_>],
    group: &[u8],
    terms: &Terms<'_>,
    budget: &mut Budget,
) -> Result<Vec<Work>, Refusal> {
    let find = |target: &Target<'_>| {
        if target.repeated || !budget.open(target.name) {
            return Ok(Work::Nothing);
        }
        delivery::find(ctx, target.at, target.wanted, terms, target.rules(group), budget)
    };
    targets.iter().map(find).collect()
}

/// Finds what is left in a stream that this call served already. What is only on disk then waits for another call.
fn find_again(ctx: &mut Ctx<'_>, target: &Target<'_>, group: &[u8], terms: &Terms<'_>, budget: &mut Budget) -> Work {
    if !budget.open(target.name) {
        return Work::Nothing;
    }
    delivery::find(ctx, target.at, target.wanted, terms, target.rules(group), budget).unwrap_or(Work::Nothing)
}

impl Target<'_> {
    fn rules(&self, group: &[u8]) -> Option<&Delivery> {
        self.policy.as_ref().map(|policy| policy.of_group(group))
    }
}

/// When a reader that found nothing looks again by itself, if time can bring something.
fn next_look(ctx: &Ctx<'_>, targets: &[Target<'_>], group: &[u8], terms: &Terms<'_>) -> Option<i64> {
    if let Some(min_idle_ms) = terms.claim_ms {
        return Some(next_due(ctx, targets, min_idle_ms));
    }
    let at_latest = |rules: &Delivery| rules.ack_wait_ms.clamp(LOOK_AGAIN_MS, LONGEST_SLEEP_MS);
    let by_policy = |target: &Target<'_>| {
        let rules = target.rules(group)?;
        let of_group = target.at.of(ctx);
        // Acknowledgements wake who waits for room.
        let has_room = redelivery::allowance(of_group, terms.consumer, rules, ctx.now_ms) > 0;
        let due = redelivery::next_due(of_group, rules).filter(|_| rules.redeliver && has_room);
        let at_latest = ctx.now_ms.saturating_add(at_latest(rules));
        Some(due.map_or(at_latest, |due| due.max(ctx.now_ms + 1).min(at_latest)))
    };
    targets.iter().filter_map(by_policy).min()
}

/// When something pending falls due.
fn next_due(ctx: &Ctx<'_>, targets: &[Target<'_>], min_idle_ms: i64) -> i64 {
    let now_ms = ctx.now_ms;
    let due = |target: &Target<'_>| {
        // What is due already and was not claimed was deleted: it will never be claimed.
        let delivered_ms = target.at.of(ctx).pending.next_delivered_after(now_ms.saturating_sub(min_idle_ms))?;
        Some(delivered_ms.saturating_add(min_idle_ms))
    };
    let at_latest = now_ms.saturating_add(min_idle_ms.clamp(LOOK_AGAIN_MS, LONGEST_SLEEP_MS));
    targets.iter().filter_map(due).min().unwrap_or(at_latest).min(at_latest)
}
