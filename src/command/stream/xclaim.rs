//! XCLAIM: takes over entries that have been pending for long enough, by id.
//!
//! What was deleted from the stream leaves the pending entries and is not answered. FORCE makes an entry pending that
//! was never delivered. LASTID moves the group's cursor forward, never back.

use super::group::{self, InGroup};
use super::{entry_reply, id};
use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::{self, Refusal};
use crate::command::number;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::reply::Reply;
use brooklet_storage::StreamId;
use brooklet_storage::batch::{Effect, Ids};
use brooklet_storage::stream::chunk::Entry;

/// XCLAIM.
pub static SPEC: Spec = Spec {
    name: "xclaim",
    summary: "Makes pending entries belong to another consumer.",
    since: "5.0.0",
    group: Group::Stream,
    complexity: "O(log(P)) for each id, P the pending entries",
    arity: -6,
    flags: &[Flag::Fast],
    keys: Keys::ONE,
    syntax: "key group consumer min-idle-time id [id ...] [IDLE ms] [TIME unix-time-milliseconds] \
             [RETRYCOUNT count] [FORCE] [JUSTID] [LASTID lastid]",
    kind: Kind::Write(run),
    subcommands: &[],
};

#[derive(Debug, Default, PartialEq, Eq)]
struct Claim {
    min_idle_ms: i64,
    ids: Vec<StreamId>,
    delivered_ms: Option<i64>,
    deliveries: Option<i64>,
    force: bool,
    just_id: bool,
    last: Option<StreamId>,
}

fn parse(args: Args<'_>, now_ms: i64) -> Result<Claim, Refusal> {
    let min_idle_ms = number::integer_or(args.at(4), error::stream::min_idle("XCLAIM"))?.max(0);
    let ids: Vec<StreamId> = args.from(5).iter().map_while(|text| id::strict(text, 0).ok()).collect();
    let options = args.from(5 + ids.len());
    let mut claim = Claim { min_idle_ms, ids, ..Claim::default() };
    let mut i = 0;
    while let Some(word) = options.get(i) {
        i += claim.option(word, options.get(i + 1), now_ms)?;
    }
    Ok(claim)
}

impl Claim {
    /// Reads one option; how many arguments it took.
    fn option(&mut self, word: &[u8], value: Option<&[u8]>, now_ms: i64) -> Result<usize, Refusal> {
        let is = |name: &str| word.eq_ignore_ascii_case(name.as_bytes());
        let ms = |text, name| number::integer_or(text, error::stream::xclaim_argument(name));
        match value {
            _ if is("FORCE") => self.force = true,
            _ if is("JUSTID") => self.just_id = true,
            Some(text) if is("IDLE") => return self.deliver_at(now_ms.saturating_sub(ms(text, "IDLE")?), now_ms),
            Some(text) if is("TIME") => return self.deliver_at(ms(text, "TIME")?, now_ms),
            Some(text) if is("RETRYCOUNT") => {
                self.deliveries = Some(ms(text, "RETRYCOUNT")?).filter(|n| *n >= 0);
                return Ok(2);
            }
            Some(text) if is("LASTID") => {
                self.last = Some(id::strict(text, 0)?);
                return Ok(2);
            }
            _ => return Err(error::stream::unrecognized_option("XCLAIM", word)),
        }
        Ok(1)
    }

    /// A time before the epoch or in the future means now.
    fn deliver_at(&mut self, ms: i64, now_ms: i64) -> Result<usize, Refusal> {
        self.delivered_ms = Some(ms).filter(|ms| (0..=now_ms).contains(ms)).or(Some(now_ms));
        Ok(2)
    }
}

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    let at = group::require(ctx, args.at(1), args.at(2))?;
    let claim = parse(args, ctx.now_ms)?;
    let stream = ctx.stream(at.key);
    let passed = match claim.last.filter(|last| *last > at.of(ctx).last_delivered) {
        Some(last) => Some((last, ctx.warm(at.key, stream.passed_at(last))?)),
        None => None,
    };
    let entries = ctx.warm(at.key, stream.log.entries(claim.ids.iter().copied()))?;

    if let Some((last, passed)) = passed {
        at.advance(ctx, last, passed);
    }
    let consumer = at.consumer(ctx, args.at(3));
    let mut answer = Vec::new();
    for (&id, entry) in claim.ids.iter().zip(entries) {
        answer.extend(claim_one(ctx, at, consumer, &claim, id, entry));
    }
    if !answer.is_empty() {
        at.active(ctx, consumer);
        at.wake_claimers(ctx);
    }
    Ok(Reply::Array(answer))
}

/// Claims one entry, if it may be claimed; what is answered for it.
fn claim_one(
    ctx: &mut Ctx<'_>,
    at: InGroup,
    consumer: u32,
    claim: &Claim,
    id: StreamId,
    entry: Option<Entry>,
) -> Option<Reply> {
    let pending = at.of(ctx).pending.get(id);
    let Some(entry) = entry else {
        if pending.is_some() {
            ctx.store().change(at.key, &Effect::Ack { group: at.group, ids: Ids::Listed(&[id]) });
        }
        return None;
    };
    let before = match pending {
        Some(p) => p.is_claimable(ctx.now_ms, claim.min_idle_ms).then_some(p.deliveries)?,
        None => claim.force.then_some(1)?,
    };
    let counted = before.saturating_add(i64::from(!claim.just_id));
    let deliveries = claim.deliveries.unwrap_or(counted);
    let delivered_ms = claim.delivered_ms.unwrap_or(ctx.now_ms);
    ctx.store().change(at.key, &Effect::Pend { group: at.group, id, consumer, delivered_ms, deliveries });
    Some(if claim.just_id { Reply::Id(id) } else { entry_reply(entry, None) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::args::OwnedArgs;

    fn line(line: &str) -> Result<Claim, String> {
        match parse(OwnedArgs::collect(line.split(' ')).as_args(), 1000) {
            Ok(claim) => Ok(claim),
            Err(Refusal::Wire(line)) => Err(line.into_owned()),
            Err(other) => Err(format!("{other:?}")),
        }
    }

    #[test]
    fn ids_end_at_the_first_word_that_is_none() {
        let claim = line("XCLAIM s g c -5 1-1 2 JUSTID IDLE 300 RETRYCOUNT -1 LASTID 9").unwrap();
        assert_eq!((claim.ids.len(), claim.min_idle_ms, claim.just_id), (2, 0, true));
        assert_eq!((claim.delivered_ms, claim.deliveries), (Some(700), None));
        assert_eq!(claim.last, Some(StreamId::new(9, 0)));
        assert_eq!(line("XCLAIM s g c 0 1 JUSTID 2"), Err("ERR Unrecognized XCLAIM option '2'".into()));
        assert_eq!(line("XCLAIM s g c 0 1 IDLE"), Err("ERR Unrecognized XCLAIM option 'IDLE'".into()));
    }

    #[test]
    fn no_delivery_lies_in_the_future() {
        for time in ["TIME 99999", "TIME -1", "IDLE -5", "IDLE 5000"] {
            assert_eq!(line(&format!("XCLAIM s g c 0 1 {time}")).unwrap().delivered_ms, Some(1000), "{time}");
        }
    }
}
