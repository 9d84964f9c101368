//! LEASE.ACQUIRE: takes a lease that nobody has, or waits for it. Who has it already renews it and keeps its token.
//!
//! Who waits stands in the queue of the key: when the key goes, by whatever means, the first of them has it in the same step,
//! before anybody else's call. Inside of MULTI and scripts nobody waits. With BIND the lease belongs to the connection that took
//! it or renewed it last, and ends soon after that.

use super::state::{self, Held};
use crate::broker::Ctx;
use crate::broker::wait::Park;
use crate::command::args::Args;
use crate::command::error::{self, Refusal};
use crate::command::number;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::reply::Reply;
use brooklet_storage::store::{Class, Key};

/// LEASE.ACQUIRE.
pub static SPEC: Spec = Spec {
    name: "lease.acquire",
    summary: "Takes a lease and answers its token, waiting for its turn if asked. Who holds it renews it.",
    since: "0.1.0",
    group: Group::Lease,
    complexity: "O(1), and O(N) where N others wait",
    arity: -4,
    flags: &[Flag::Denyoom],
    keys: Keys::ONE,
    syntax: "key holder ttl-ms [WAIT milliseconds] [PRIORITY priority] [META meta] [BIND [grace-ms]]",
    kind: Kind::BlockingWrite(run),
    subcommands: &[],
};

/// Calls that may wait for one lease.
const MOST_WAITERS: usize = 10_000;
/// Bytes of META.
const LONGEST_META: usize = 4096;
/// For how long a lease may outlive its connection.
const LONGEST_GRACE_MS: i64 = 24 * 3600 * 1000;
/// For how long it does.
const GRACE_MS: u64 = 1000;

#[derive(Debug, Default, PartialEq)]
struct Options<'a> {
    /// How long to wait; 0 = for ever.
    wait_ms: Option<u64>,
    priority: i64,
    meta: Option<&'a [u8]>,
    grace_ms: Option<u64>,
}

fn parse(args: Args<'_>) -> Result<Options<'_>, Refusal> {
    let mut options = Options::default();
    let mut i = 4;
    while let Some(word) = args.get(i) {
        let is = |name: &str| word.eq_ignore_ascii_case(name.as_bytes());
        let operand = args.get(i + 1);
        i += match operand {
            Some(text) if is("WAIT") => {
                let ms = number::integer_or(text, error::TIMEOUT_NOT_INTEGER)?;
                options.wait_ms = Some(u64::try_from(ms).map_err(|_| error::TIMEOUT_NEGATIVE)?);
                2
            }
            Some(text) if is("PRIORITY") => {
                options.priority = number::arg(text)?;
                2
            }
            Some(meta) if is("META") => {
                options.meta = Some(meta).filter(|meta| meta.len() <= LONGEST_META);
                options.meta.ok_or(error::lease::META)?;
                2
            }
            _ if is("BIND") => {
                let number = operand.and_then(number::integer);
                let grace = number.map(|ms| Some(ms).filter(|ms| (0..=LONGEST_GRACE_MS).contains(ms)));
                options.grace_ms = Some(match grace {
                    Some(grace) => grace.ok_or(error::lease::GRACE)? as u64,
                    None => GRACE_MS,
                });
                1 + usize::from(number.is_some())
            }
            _ => return Err(error::SYNTAX),
        };
    }
    Ok(options)
}

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    let (name, holder) = (args.at(1), state::holder(args.at(2))?);
    let deadline_ms = state::deadline_ms(ctx, args.at(3))?;
    let options = parse(args)?;
    let held = state::look(ctx, name)?;
    let key = match &held {
        Some(held) if held.holder != holder => return wait(ctx, name, held, &options),
        Some(held) if held.token != 0 => {
            state::prolong(ctx, name, held.key, deadline_ms);
            held.key
        }
        // A string that was not made to be a lock has no token: it gets one now.
        other => {
            let key = ctx.mint_string(name, other.as_ref().map(|held| held.key), holder, Some(deadline_ms));
            ctx.notify(Class::STRING, "set", name);
            ctx.notify(Class::GENERIC, "expire", name);
            key
        }
    };
    know(ctx, key, &options);
    let held = state::look(ctx, name)?;
    Ok(answer(ctx, true, held.as_ref(), 0))
}

/// Notes what was said of the lease, and whose it is.
fn know(ctx: &mut Ctx<'_>, key: Key, options: &Options<'_>) {
    let client = ctx.client;
    let before = ctx.engine.store.lease(key).cloned();
    let mut lease = before.clone().unwrap_or_default();
    if let Some(meta) = options.meta {
        lease.meta = meta.into();
    }
    lease.grace_ms = options.grace_ms.or(lease.grace_ms);
    let bound = lease.grace_ms.is_some();
    if before.as_ref() != Some(&lease) {
        ctx.store().set_lease(key, lease);
    }
    if let Some(token) = ctx.engine.store.token(key).filter(|_| bound) {
        ctx.engine.bind_lease(token, client);
    }
}

/// Somebody else has it.
fn wait(ctx: &mut Ctx<'_>, name: &[u8], held: &Held, options: &Options<'_>) -> Result<Reply, Refusal> {
    let waits = &ctx.engine.waits;
    let ahead = waits.queues.ahead(ctx.db, name, options.priority, waits.woken);
    let refused = answer(ctx, false, Some(held), ahead + 1);
    let Some(timeout_ms) = options.wait_ms else { return Ok(refused) };
    if !waits.woken() && waits.queues.waiting(ctx.db, name) >= MOST_WAITERS {
        return Err(error::lease::CROWDED);
    }
    Err(Refusal::Park(Box::new(Park {
        keys: vec![name.into()],
        timeout_ms,
        look_again_ms: ctx.engine.store.deadline(held.key).map(|at| at as i64),
        queue: Some(options.priority),
        rewritten: None,
        empty: refused.clone(),
        at_once: refused,
    })))
}

fn answer(ctx: &Ctx<'_>, acquired: bool, held: Option<&Held>, place: usize) -> Reply {
    Reply::Map(vec![
        (Reply::text("acquired"), Reply::Integer(acquired.into())),
        (Reply::text("token"), state::token_reply(held)),
        (Reply::text("holder"), state::holder_reply(held)),
        (Reply::text("ttl-ms"), state::ttl_ms(ctx, held)),
        (Reply::text("queue-pos"), Reply::count(place)),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::args::OwnedArgs;

    fn options(line: &str) -> Result<String, String> {
        let call = OwnedArgs::collect(format!("LEASE.ACQUIRE k h 1 {line}").split_ascii_whitespace());
        match parse(call.as_args()) {
            Ok(options) => Ok(format!("{:?} {} {:?}", options.wait_ms, options.priority, options.grace_ms)),
            Err(Refusal::Wire(line)) => Err(line.into_owned()),
            Err(other) => panic!("{other:?}"),
        }
    }

    #[test]
    fn options_stand_in_any_order() {
        assert_eq!(options("").unwrap(), "None 0 None");
        assert_eq!(options("BIND").unwrap(), "None 0 Some(1000)");
        assert_eq!(options("bind wait 0 priority -7").unwrap(), "Some(0) -7 Some(1000)");
        assert_eq!(options("META BIND BIND 0 WAIT 5").unwrap(), "Some(5) 0 Some(0)");
    }

    #[test]
    fn what_is_no_option_is_refused() {
        for bad in ["WAIT", "PRIORITY", "META", "x", "BIND x", "WAIT 1 2"] {
            assert_eq!(options(bad).unwrap_err(), "ERR syntax error", "{bad}");
        }
        assert_eq!(options("BIND -1").unwrap_err(), "ERR grace-ms must be between 0 and 86400000");
        assert_eq!(options("WAIT -1").unwrap_err(), "ERR timeout is negative");
        assert_eq!(options("WAIT x").unwrap_err(), "ERR timeout is not an integer or out of range");
        assert!(options(&format!("META {}", "m".repeat(4097))).unwrap_err().starts_with("METATOOLONG "));
    }
}
