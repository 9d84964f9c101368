//! XADD: appends an entry, creating the stream if need be, and trims it if asked.
//!
//! With IDMP or IDMPAUTO the same message appended twice is appended once: the answer is then the first one's id, even
//! if that entry is gone. Everything is checked before the key is created, so a refused call leaves nothing behind.

use super::id::NewId;
use super::references::References;
use super::retention;
use super::trim::{self, Clauses, Trim};
use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::{self, Refusal};
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::reply::Reply;
use brooklet_storage::StreamId;
use brooklet_storage::batch::Effect;
use brooklet_storage::store::{Class, Key};
use brooklet_storage::stream::fields;
use brooklet_storage::stream::log::Incoming;
use xxhash_rust::xxh3::xxh3_128;

/// XADD.
pub static SPEC: Spec = Spec {
    name: "xadd",
    summary: "Appends an entry to a stream.",
    since: "5.0.0",
    group: Group::Stream,
    complexity: "O(1), and O(N) for N entries that are trimmed",
    arity: -5,
    flags: &[Flag::Denyoom, Flag::Fast],
    keys: Keys::ONE,
    syntax: "key [NOMKSTREAM] [KEEPREF | DELREF | ACKED] [IDMPAUTO producer-id | IDMP producer-id idempotent-id] \
             [<MAXLEN | MINID> [= | ~] threshold [LIMIT count]] <* | id> field value [field value ...]",
    kind: Kind::Write(run),
    subcommands: &[],
};

/// Larger entries are refused.
const LARGEST_ENTRY: usize = 1 << 30;

#[derive(Debug, Default, PartialEq)]
struct Options<'a> {
    no_create: bool,
    trim: Option<Trim>,
    references: References,
    producer: Option<Producer<'a>>,
    id_at: usize,
}

fn parse<'a>(args: Args<'a>) -> Result<(Options<'a>, NewId), Refusal> {
    let mut options = Options { id_at: 2, ..Options::default() };
    let mut clauses = Clauses::default();
    while let Some(word) = args.get(options.id_at).filter(|word| *word != b"*") {
        let rest = args.from(options.id_at);
        options.id_at += if word.eq_ignore_ascii_case(b"NOMKSTREAM") {
            options.no_create = true;
            1
        } else if let Some((producer, used)) = parse_producer(rest)? {
            if options.producer.replace(producer).is_some() {
                return Err(error::stream::IDMP_TWICE);
            }
            used
        } else {
            match clauses.read(rest)? {
                0 => break,
                used => used,
            }
        };
    }
    let id = args.get(options.id_at).map(NewId::parse).transpose()?;
    (options.trim, options.references) = clauses.finish(false)?;
    if options.producer.is_some() && id.is_some_and(|id| id != NewId::Auto) {
        return Err(error::stream::IDMP_NOT_AUTO);
    }
    let values = args.len().saturating_sub(options.id_at + 1);
    match id.filter(|_| values >= 2 && values.is_multiple_of(2)) {
        None => Err(error::wrong_arity("xadd")),
        Some(NewId::Given(StreamId::MIN)) => Err(error::stream::XADD_ID_ZERO),
        Some(id) => Ok((options, id)),
    }
}

type Producer<'a> = (&'a [u8], Option<&'a [u8]>);

fn parse_producer<'a>(args: Args<'a>) -> Result<Option<(Producer<'a>, usize)>, Refusal> {
    if args.at(0).eq_ignore_ascii_case(b"IDMPAUTO") && args.len() > 1 {
        let producer = args.at(1);
        return if producer.is_empty() {
            Err(error::stream::IDMPAUTO_NO_PRODUCER)
        } else {
            Ok(Some(((producer, None), 2)))
        };
    }
    if !args.at(0).eq_ignore_ascii_case(b"IDMP") || args.len() < 3 {
        return Ok(None);
    }
    match (args.at(1), args.at(2)) {
        (b"", _) => Err(error::stream::IDMP_NO_PRODUCER),
        (_, b"") => Err(error::stream::IDMP_NO_IID),
        (producer, iid) => Ok(Some(((producer, Some(iid)), 3))),
    }
}

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    let (options, new_id) = parse(args)?;
    let values = args.from(options.id_at + 1);
    let found = ctx.find_stream(args.at(1))?;
    if found.is_none() && options.no_create {
        return Ok(Reply::Null);
    }
    let last = found.map_or(StreamId::MIN, |key| ctx.stream(key).last_id);
    let iid =
        options.producer.map(|(producer, iid)| (producer, iid.map_or_else(|| content_iid(values), <[u8]>::to_vec)));
    if let (Some(key), Some((producer, iid))) = (found, &iid)
        && let Some(first) = duplicate(ctx, key, producer, iid)
    {
        return Ok(Reply::Id(first));
    }
    if last == StreamId::MAX {
        return Err(error::stream::XADD_EXHAUSTED);
    }
    let id = new_id.resolve(last, ctx.now_ms)?;
    let packed = pack(ctx, values)?;
    let added = append(ctx, args.at(1), found, id, &packed, &options);
    ctx.engine.scratch = packed;
    let key = added?;
    if let Some((producer, iid)) = iid {
        record(ctx, key, producer, &iid, id);
    }
    ctx.store().signal_key(key);
    Ok(Reply::Id(id))
}

/// Appends and trims. Trimming is planned before the entry is there: it may have to wait for the disk.
fn append(
    ctx: &mut Ctx<'_>,
    name: &[u8],
    found: Option<Key>,
    id: StreamId,
    packed: &[u8],
    options: &Options<'_>,
) -> Result<Key, Refusal> {
    let incoming = |ctx: &Ctx<'_>| {
        let limits = ctx.engine.store.node_limits;
        let begins_node = found.is_none_or(|key| ctx.stream(key).log.begins_node(packed.len(), limits));
        Incoming { id, begins_node }
    };
    let plan = match &options.trim {
        Some(trim) => Some(trim::plan(ctx, found, trim, options.references, Some(incoming(ctx)))?),
        None if ctx.engine.policies.is_empty() => None,
        None => retention::plan(ctx, name, found, incoming(ctx))?,
    };
    let key = found.unwrap_or_else(|| ctx.engine.store.create_stream(ctx.db, name));
    ctx.store().change(key, &Effect::Append { id, packed });
    ctx.notify(Class::STREAM, "xadd", name);
    if let Some(plan) = plan
        && trim::apply(ctx, key, &plan) > 0
    {
        ctx.notify(Class::STREAM, "xtrim", name);
    }
    Ok(key)
}

/// Packs fields and values into the engine's scratch buffer, which the caller gives back.
fn pack(ctx: &mut Ctx<'_>, values: Args<'_>) -> Result<Vec<u8>, Refusal> {
    if values.iter().map(<[u8]>::len).sum::<usize>() > LARGEST_ENTRY {
        return Err(error::stream::XADD_TOO_LARGE);
    }
    let mut packed = std::mem::take(&mut ctx.engine.scratch);
    packed.clear();
    fields::pack(&mut packed, values.iter());
    Ok(packed)
}

/// The id under which this message was appended before.
fn duplicate(ctx: &mut Ctx<'_>, key: Key, producer: &[u8], iid: &[u8]) -> Option<StreamId> {
    ctx.store().forget_old_ids(key);
    let first = ctx.stream(key).idempotency.as_ref()?.get(producer, iid)?;
    ctx.store().change(key, &Effect::IdmpDuplicate);
    Some(first)
}

/// Writes down which entry a producer's idempotent id stands for.
pub fn record(ctx: &mut Ctx<'_>, key: Key, producer: &[u8], iid: &[u8], id: StreamId) {
    if ctx.stream(key).idempotency.is_none() {
        let (duration_s, max_size) = super::xcfgset::current(ctx, key);
        ctx.store().change(key, &Effect::IdmpConfig { duration_s, max_size });
    }
    ctx.store().change(key, &Effect::IdmpRecord { producer, iid, id });
}

/// An idempotent id from the contents: the same pairs in any order give the same one.
fn content_iid(values: Args<'_>) -> Vec<u8> {
    let items: Vec<&[u8]> = values.iter().collect();
    let (mut sum, mut xor) = (0u128, 0u128);
    for pair in items.chunks(2) {
        let [field, value] = pair else { continue };
        let hash = xxh3_128(&[&(field.len() as u64).to_le_bytes(), *field, *value].concat());
        sum = sum.wrapping_add(hash);
        xor ^= hash;
    }
    (sum ^ xor.rotate_left(1)).to_be_bytes().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::args::OwnedArgs;

    fn refused(line: &str) -> String {
        match parse(OwnedArgs::collect(line.split(' ')).as_args()) {
            Err(Refusal::Wire(text)) => text.into_owned(),
            other => panic!("{line}: {other:?}"),
        }
    }

    #[test]
    fn options_come_in_any_order_before_the_id() {
        let call = OwnedArgs::collect("XADD s ACKED LIMIT 5 nomkstream IDMP p i MINID ~ 3 * MAXLEN 1".split(' '));
        let (options, id) = parse(call.as_args()).unwrap();
        let trim = Trim { bound: trim::Bound::MinId(StreamId::new(3, 0)), about: true, limit: Some(5) };
        assert_eq!((options.no_create, options.trim, options.references), (true, Some(trim), References::Acked));
        assert_eq!((options.producer, options.id_at, id), (Some((&b"p"[..], Some(&b"i"[..]))), 12, NewId::Auto));
    }

    #[test]
    fn the_first_mistake_is_named() {
        for (line, expected) in [
            ("XADD s MINID 9 LIMIT 5 x f v", "ERR Invalid stream ID specified as stream command argument"),
            ("XADD s LIMIT 5 0-0 f v", "ERR syntax error, LIMIT cannot be used without specifying a trimming strategy"),
            ("XADD s LIMIT 0 * f v", "ERR syntax error, LIMIT cannot be used without the special ~ option"),
            ("XADD s 0-0 f", "ERR wrong number of arguments for 'xadd' command"),
            ("XADD s 0-0 f v", "ERR The ID specified in XADD must be greater than 0-0"),
            ("XADD s MAXLEN ~ 5", "ERR wrong number of arguments for 'xadd' command"),
            ("XADD s IDMP p i 1-* f v", "ERR syntax error, IDMP/IDMPAUTO can be used only with auto-generated IDs"),
        ] {
            assert_eq!(refused(line), expected, "{line}");
        }
    }

    #[test]
    fn content_ids_ignore_the_order_of_pairs_but_not_their_bounds() {
        let iid = |line: &str| content_iid(OwnedArgs::collect(line.split(' ')).as_args());
        assert_eq!(iid("a 1 b 2"), iid("b 2 a 1"));
        assert_ne!(iid("a 1 b 2"), iid("a 2 b 1"));
        assert_ne!(iid("ab c"), iid("a bc"));
        assert_ne!(iid("a 1 a 1"), iid("b 1 b 1"));
    }
}
