//! What the verbs that begin and end subscriptions share: one confirmation for each name.
//!
//! A confirmation is a message, not a reply: it is sent whatever CLIENT REPLY says, and stands in one line with the messages
//! that follow. Inside EXEC it is the answer: one element of the array for each call, so that the array stays whole. (The
//! reference writes one element for each name, and breaks its own array if there are several.)

use crate::broker::Ctx;
use crate::broker::mailbox::Message;
use crate::broker::pubsub::Space;
use crate::command::args::Args;
use crate::command::error::{self, Refusal};
use crate::glob;
use crate::reply::Reply;

/// Begins to listen to all names among the arguments.
pub(super) fn subscribe(ctx: &mut Ctx<'_>, args: Args<'_>, space: Space) -> Result<Reply, Refusal> {
    let names = args.from(1);
    // It could never match.
    if space == Space::Pattern && names.iter().any(|name| name.len() > glob::MAX_PATTERN) {
        return Err(error::keyspace::PATTERN_TOO_LONG);
    }
    let kind = match space {
        Space::Channel => "subscribe",
        Space::Pattern => "psubscribe",
        Space::Shard => "ssubscribe",
    };
    let mut confirmations = Confirmations::new(kind);
    for name in names.iter() {
        let count = ctx.engine.subscribe(ctx.client, space, name);
        confirmations.add(ctx, Reply::bulk(name), count);
    }
    Ok(confirmations.end())
}

/// Ends to listen to the names among the arguments, or to all names if there are none.
pub(super) fn unsubscribe(ctx: &mut Ctx<'_>, args: Args<'_>, space: Space) -> Result<Reply, Refusal> {
    let kind = match space {
        Space::Channel => "unsubscribe",
        Space::Pattern => "punsubscribe",
        Space::Shard => "sunsubscribe",
    };
    let mut confirmations = Confirmations::new(kind);
    let own = if args.len() == 1 { ctx.engine.pubsub.names_of(ctx.client, space) } else { Vec::new() };
    for name in args.from(1).iter().chain(own.iter().map(|name| &**name)) {
        let count = ctx.engine.unsubscribe(ctx.client, space, name);
        confirmations.add(ctx, Reply::bulk(name), count);
    }
    if args.len() == 1 && own.is_empty() {
        let count = ctx.engine.pubsub.told_count(ctx.client, space);
        confirmations.add(ctx, Reply::Null, count);
    }
    Ok(confirmations.end())
}

/// The confirmations of one call.
struct Confirmations {
    kind: &'static str,
    /// Those that are the answer of a queued call.
    queued: Vec<Reply>,
}

impl Confirmations {
    fn new(kind: &'static str) -> Confirmations {
        Confirmations { kind, queued: Vec::new() }
    }

    fn add(&mut self, ctx: &mut Ctx<'_>, name: Reply, count: usize) {
        let items = vec![Reply::text(self.kind), name, Reply::count(count)];
        if ctx.engine.in_queue {
            self.queued.push(Reply::Array(items));
        } else {
            ctx.engine.deliver(ctx.client, &Message::new(Reply::Push(items)));
        }
    }

    fn end(mut self) -> Reply {
        match self.queued.len() {
            0 => Reply::Nothing,
            1 => self.queued.remove(0),
            _ => Reply::Array(self.queued),
        }
    }
}
