//! MSG.NACK: entries that a consumer owns have failed. They are delivered again after the wait that the policy or DELAY-MS
//! says, to whoever reads then; one that failed too often, or FATAL, goes where the policy says at once.
//!
//! SILENT takes the delivery back: it does not count, and does not wait. Answers how many were given back.

use super::{epoch, ids, owned_by};
use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::{self, Refusal};
use crate::command::number;
use crate::command::spec::{Group, Keys, Kind, Spec};
use crate::command::stream::{group, redelivery};
use crate::policy::delivery::Delivery;
use crate::policy::duration;
use crate::reply::Reply;
use brooklet_storage::StreamId;
use brooklet_storage::stream::pending::Pending;

/// MSG.NACK.
pub static SPEC: Spec = Spec {
    name: "msg.nack",
    summary: "Gives entries back that a consumer could not handle, for now or for good.",
    since: "0.1.0",
    group: Group::Message,
    complexity: "O(log(P)) for each id, P the pending entries",
    arity: -6,
    flags: &[],
    keys: Keys::ONE,
    syntax: "key group consumer epoch [DELAY-MS milliseconds] [SILENT | FAIL | FATAL] [REASON reason] id [id ...]",
    kind: Kind::Write(run),
    subcommands: &[],
};

/// Bytes of a reason, at most; the rest is cut off.
const REASON: usize = 1024;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Mode {
    Silent,
    #[default]
    Fail,
    Fatal,
}

#[derive(Debug, Default, PartialEq, Eq)]
struct Nack<'a> {
    delay_ms: Option<i64>,
    mode: Mode,
    reason: Option<&'a [u8]>,
    ids: Vec<StreamId>,
}

fn parse(args: Args<'_>) -> Result<Nack<'_>, Refusal> {
    let (mut nack, mut at) = (Nack::default(), 0);
    while let Some(word) = args.get(at) {
        let value = args.get(at + 1);
        at += match value {
            Some(text) if word.eq_ignore_ascii_case(b"DELAY-MS") => {
                let delay_ms = number::arg(text)?;
                let fits = (0..=duration::LONGEST_MS).contains(&delay_ms);
                nack.delay_ms = Some(delay_ms).filter(|_| fits).map(Some).ok_or(error::policy::DELAY_RANGE)?;
                2
            }
            Some(text) if word.eq_ignore_ascii_case(b"REASON") => {
                nack.reason = Some(&text[..text.len().min(REASON)]);
                2
            }
            _ => {
                nack.mode = match () {
                    () if word.eq_ignore_ascii_case(b"SILENT") => Mode::Silent,
                    () if word.eq_ignore_ascii_case(b"FAIL") => Mode::Fail,
                    () if word.eq_ignore_ascii_case(b"FATAL") => Mode::Fatal,
                    () => break,
                };
                1
            }
        };
    }
    nack.ids = ids(args.from(at))?;
    if nack.ids.is_empty() { Err(error::wrong_arity(SPEC.name)) } else { Ok(nack) }
}

/// How an entry is given back.
enum Fate {
    /// It can be had from this time on, and was delivered so often.
    Again(i64, i64),
    GivenUp,
}

fn fate(nack: &Nack<'_>, rules: Option<&Delivery>, id: StreamId, pending: &Pending, now_ms: i64) -> Fate {
    let deliveries = match nack.mode {
        Mode::Silent => pending.deliveries.saturating_sub(1).max(0),
        Mode::Fail => pending.deliveries,
        Mode::Fatal => i64::MAX,
    };
    if nack.mode != Mode::Silent && rules.is_some_and(|rules| rules.is_spent(deliveries)) {
        return Fate::GivenUp;
    }
    let wait_ms = match (nack.mode, rules) {
        (Mode::Fail, Some(rules)) => rules.wait_ms(id, deliveries),
        _ => 0,
    };
    Fate::Again(now_ms.saturating_add(nack.delay_ms.unwrap_or(wait_ms)), deliveries)
}

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    epoch(args.at(4))?;
    let nack = parse(args.from(5))?;
    let at = group::require(ctx, args.at(1), args.at(2))?;
    let policy = ctx.engine.policies.of(ctx.db, args.at(1));
    let rules = policy.as_ref().map(|policy| policy.of_group(args.at(2))).filter(|rules| rules.redeliver);
    let owned = owned_by(ctx, at, args.at(3), &nack.ids);
    let (mut again, mut given_up) = (Vec::new(), Vec::new());
    for (id, pending) in &owned {
        match fate(&nack, rules, *id, pending, ctx.now_ms) {
            Fate::Again(at_ms, deliveries) => again.push((*id, at_ms, deliveries)),
            Fate::GivenUp => given_up.push(*id),
        }
    }
    if let Some(rules) = rules.filter(|_| !given_up.is_empty()) {
        let fatal = nack.mode == Mode::Fatal;
        let reason = nack.reason.or(fatal.then_some(b"fatal"));
        redelivery::give_up(ctx, at, rules, &given_up, reason)?.settle(ctx, at);
    }
    for (id, at_ms, deliveries) in again {
        redelivery::release(ctx, at, id, at_ms, deliveries);
    }
    if !owned.is_empty() {
        at.wake_claimers(ctx);
    }
    Ok(Reply::count(owned.len()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::args::OwnedArgs;

    #[test]
    fn options_end_at_the_first_id() {
        let call = OwnedArgs::collect("reason late silent DELAY-MS 5 1-1 2 1-1".split(' '));
        let nack = parse(call.as_args()).unwrap();
        assert_eq!((nack.delay_ms, nack.mode, nack.reason), (Some(5), Mode::Silent, Some(&b"late"[..])));
        assert_eq!(nack.ids, [StreamId::new(1, 1), StreamId::new(2, 0)]);
        for wrong in ["DELAY-MS -1 1-1", "DELAY-MS x 1-1", "FAIL", "REASON x", "1-1 FAIL", "DELAY-MS"] {
            assert!(parse(OwnedArgs::collect(wrong.split(' ')).as_args()).is_err(), "{wrong}");
        }
    }
}
