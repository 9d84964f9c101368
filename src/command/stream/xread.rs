//! XREAD: the entries above an id, of one stream or several; with BLOCK it waits for the first to arrive.
//!
//! `$` and `+` mean the moment of the call: a wait remembers the id they stood for. A key that is deleted or becomes
//! something else while a call waits does not end the wait; it may become a stream again.

use super::read_args::{ReadArgs, Verb};
use super::read_limits::Budget;
use crate::broker::Ctx;
use crate::broker::wait::Park;
use crate::command::args::{Args, OwnedArgs};
use crate::command::error::{self, Refusal};
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::reply::Reply;
use brooklet_storage::StreamId;
use brooklet_storage::store::Key;

/// XREAD.
pub static SPEC: Spec = Spec {
    name: "xread",
    summary: "Reads what is above an id in one stream or several, waiting for it if asked.",
    since: "5.0.0",
    group: Group::Stream,
    complexity: "O(log(S)+N) for each stream, S its sealed chunks and N the entries that are answered",
    arity: -4,
    flags: &[Flag::MovableKeys],
    keys: Keys::Streams,
    syntax: "[COUNT count] [MAXCOUNT count] [MAXSIZE bytes] [BLOCK milliseconds] STREAMS key [key ...] id [id ...]",
    kind: Kind::BlockingRead(run),
    subcommands: &[],
};

/// One stream that is read.
struct Target<'a> {
    name: &'a [u8],
    /// `None`: there is no such stream (now).
    key: Option<Key>,
    after: StreamId,
}

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    let read = ReadArgs::parse(args, Verb::Read, ctx.now_ms)?;
    let (targets, spoilt) = targets(ctx, &read)?;
    let mut budget = Budget::new(read.limits);
    let mut found = Vec::new();
    for target in &targets {
        let Some(key) = target.key.filter(|_| budget.open(target.name)) else { continue };
        if let Some(entries) = budget.answer(ctx, key, target.after)? {
            found.push((Reply::bulk(target.name), entries));
        }
    }
    match read.block_ms {
        _ if !found.is_empty() && spoilt => Err(error::WRONG_TYPE),
        _ if !found.is_empty() => Ok(Reply::Pairs(found)),
        None => Ok(Reply::NullArray),
        Some(timeout_ms) => Err(Refusal::Park(Box::new(Park {
            keys: read.keys(),
            timeout_ms,
            look_again_ms: None,
            queue: None,
            rewritten: settled(args, &read, &targets),
            empty: Reply::NullArray,
            at_once: Reply::NullArray,
        }))),
    }
}

/// What is to be read, and whether a key became another type while the call waited.
fn targets<'a>(ctx: &mut Ctx<'_>, read: &ReadArgs<'a>) -> Result<(Vec<Target<'a>>, bool), Refusal> {
    let woken = ctx.engine.waits.woken();
    let mut targets = Vec::with_capacity(read.len());
    let mut spoilt = false;
    for (name, id) in read.streams() {
        let found = ctx.look_up(name)?;
        let key = found.filter(|key| ctx.engine.store.stream(*key).is_some());
        if found.is_some() && key.is_none() {
            if !woken {
                return Err(error::WRONG_TYPE);
            }
            spoilt = true;
        }
        targets.push(Target { name, key, after: start(ctx, key, id)? });
    }
    Ok((targets, spoilt))
}

/// The id above which a stream is read.
fn start(ctx: &Ctx<'_>, key: Option<Key>, id: &[u8]) -> Result<StreamId, Refusal> {
    match (id, key) {
        (b"$", _) => Ok(key.map_or(StreamId::MIN, |key| ctx.stream(key).last_id)),
        (b"+", Some(key)) => {
            let last = ctx.warm(key, ctx.stream(key).log.last())?;
            Ok(last.and_then(|entry| entry.id.prev()).unwrap_or(StreamId::MIN))
        }
        (b"+", None) => Ok(StreamId::MIN),
        (b">", _) => Err(error::stream::ID_ONLY_WITH_GROUP),
        _ => super::id::strict(id, 0),
    }
}

/// The same call with the ids that `$` and `+` stand for, if it has any.
fn settled(args: Args<'_>, read: &ReadArgs<'_>, targets: &[Target<'_>]) -> Option<OwnedArgs> {
    read.streams().find(|(_, id)| matches!(*id, b"$" | b"+"))?;
    let options_and_keys = args.iter().take(read.keys_at + read.len()).map(<[u8]>::to_vec);
    let ids = targets.iter().map(|target| target.after.to_string().into_bytes());
    Some(OwnedArgs::collect(options_and_keys.chain(ids)))
}
