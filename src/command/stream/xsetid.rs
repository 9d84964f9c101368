//! XSETID: sets the id after which entries continue, and the counters that lag is reckoned from.
//!
//! The one surprising rule: the id may go down, as far as nothing that exists or is known as deleted is above it; and
//! a MAXDELETEDID of 0-0 changes nothing.

use super::id;
use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::{self, Refusal};
use crate::command::number;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::reply::Reply;
use brooklet_storage::StreamId;
use brooklet_storage::batch::Effect;
use brooklet_storage::store::Class;

/// XSETID.
pub static SPEC: Spec = Spec {
    name: "xsetid",
    summary: "Sets the last id of a stream and its counters.",
    since: "5.0.0",
    group: Group::Stream,
    complexity: "O(1)",
    arity: -3,
    flags: &[Flag::Denyoom, Flag::Fast],
    keys: Keys::ONE,
    syntax: "key last-id [ENTRIESADDED entries-added] [MAXDELETEDID max-deleted-id]",
    kind: Kind::Write(run),
    subcommands: &[],
};

#[derive(Debug, PartialEq)]
struct Counters {
    last: StreamId,
    added: Option<u64>,
    max_deleted: Option<StreamId>,
}

fn parse(args: Args<'_>) -> Result<Counters, Refusal> {
    let mut counters = Counters { last: id::strict(args.at(2), 0)?, added: None, max_deleted: None };
    for i in (3..args.len()).step_by(2) {
        let (word, value) = (args.at(i), args.get(i + 1).ok_or(error::SYNTAX)?);
        if word.eq_ignore_ascii_case(b"ENTRIESADDED") {
            let added = u64::try_from(number::arg(value)?).map_err(|_| error::stream::XSETID_ADDED_NEGATIVE)?;
            counters.added = Some(added);
        } else if word.eq_ignore_ascii_case(b"MAXDELETEDID") {
            let max_deleted = id::strict(value, 0)?;
            if counters.last < max_deleted {
                return Err(error::stream::XSETID_BELOW_GIVEN_DELETED);
            }
            counters.max_deleted = Some(max_deleted).filter(|id| *id != StreamId::MIN);
        } else {
            return Err(error::SYNTAX);
        }
    }
    Ok(counters)
}

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    let counters = parse(args)?;
    let key = ctx.find_stream(args.at(1))?.ok_or(error::NO_SUCH_KEY)?;
    let stream = ctx.stream(key);
    if counters.last < stream.max_deleted {
        return Err(error::stream::XSETID_BELOW_DELETED);
    }
    if !stream.is_empty() {
        let top = if counters.last < stream.last_id { ctx.warm(key, stream.log.last())? } else { None };
        if top.is_some_and(|top| counters.last < top.id) {
            return Err(error::stream::XSETID_BELOW_TOP);
        }
        if counters.added.is_some_and(|added| added < stream.len()) {
            return Err(error::stream::XSETID_ADDED_SMALL);
        }
    }
    let effect = Effect::StreamCounters {
        last: counters.last,
        added: counters.added.unwrap_or(stream.entries_added),
        max_deleted: counters.max_deleted.unwrap_or(stream.max_deleted),
    };
    ctx.store().change(key, &effect);
    ctx.notify_key(Class::STREAM, "xsetid", key);
    Ok(Reply::OK)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::args::OwnedArgs;

    fn parsed(line: &str) -> Result<Counters, Refusal> {
        parse(OwnedArgs::collect(line.split(' ')).as_args())
    }

    #[test]
    fn options_repeat_and_zero_deletes_nothing() {
        let counters = parsed("XSETID s 9 MAXDELETEDID 3-1 entriesadded 4 ENTRIESADDED 5 MAXDELETEDID 0").unwrap();
        assert_eq!(counters, Counters { last: StreamId::new(9, 0), added: Some(5), max_deleted: None });
    }

    #[test]
    fn half_an_option_is_none() {
        for bad in ["XSETID s 9 1", "XSETID s 9 ENTRIESADDED", "XSETID s 9 ENTRIESADDED -1", "XSETID s 9 OTHER 1"] {
            assert!(parsed(bad).is_err(), "{bad}");
        }
    }
}
