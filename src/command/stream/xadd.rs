//! XADD: appends an entry, creating the stream if need be, and trims it if asked.
//!
//! With IDMP or IDMPAUTO the same message appended twice is appended once: the answer is then the first one's id, even
//! if that entry is gone. Everything is checked before the key is created, so a refused call leaves nothing behind.

use super::id::NewId;
use super::trim::{self, References, Trim};
use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::{self, Refusal};
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::reply::Reply;
use brooklet_storage::StreamId;
use brooklet_storage::batch::Effect;
use brooklet_storage::store::Key;
use brooklet_storage::stream::fields;
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
    references: References,
    trim: Option<Trim>,
    producer: Option<(&'a [u8], Option<&'a [u8]>)>,
    id_at: usize,
}

fn parse<'a>(args: Args<'a>) -> Result<(Options<'a>, NewId), Refusal> {
    let mut options = Options::default();
    let mut limit = None;
    let mut i = 2;
    while let Some(word) = args.get(i) {
        let rest = args.from(i);
        if word == b"*" {
            break;
        } else if word.eq_ignore_ascii_case(b"NOMKSTREAM") {
            options.no_create = true;
            i += 1;
        } else if let Some(references) = References::parse(word) {
            options.references = references;
            i += 1;
        } else if let Some((trim, used)) = Trim::parse(rest)? {
            if options.trim.replace(trim).is_some() {
                return Err(error::stream::TRIM_BOTH);
            }
            i += used;
        } else if let Some(count) = Trim::parse_limit(rest)? {
            limit = Some(count);
            i += 2;
        } else if let Some((producer, used)) = parse_producer(rest)? {
            if options.producer.replace(producer).is_some() {
                return Err(error::stream::IDMP_TWICE);
            }
            i += used;
        } else {
            break;
        }
    }
    options.id_at = i;
    let id = NewId::parse(args.get(i).ok_or_else(|| error::wrong_arity("xadd"))?)?;
    match (&mut options.trim, limit) {
        (None, Some(_)) => return Err(error::stream::TRIM_LIMIT_WITHOUT_STRATEGY),
        (Some(trim), Some(_)) if !trim.about => return Err(error::stream::TRIM_LIMIT_WITHOUT_ABOUT),
        (Some(trim), limit) => trim.limit = limit,
        (None, None) => {}
    }
    if options.producer.is_some() && id != NewId::Auto {
        return Err(error::stream::IDMP_NOT_AUTO);
    }
    let values = args.len().saturating_sub(i + 1);
    if values < 2 || values % 2 == 1 {
        return Err(error::wrong_arity("xadd"));
    }
    Ok((options, id))
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
    let key = found.unwrap_or_else(|| ctx.engine.store.create_stream(ctx.db, args.at(1)));
    ctx.store().change(key, &Effect::Append { id, packed: &packed });
    ctx.engine.scratch = packed;
    if let Some((producer, iid)) = iid {
        record(ctx, key, producer, &iid, id);
    }
    if let Some(trim) = &options.trim {
        trim::run(ctx, key, trim, options.references)?;
    }
    ctx.store().signal_key(key);
    Ok(Reply::Id(id))
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
    let now_ms = ctx.now_ms;
    let first = ctx.stream(key).idempotency.as_ref()?.get(producer, iid, now_ms)?;
    ctx.store().change(key, &Effect::IdmpDuplicate);
    Some(first)
}

fn record(ctx: &mut Ctx<'_>, key: Key, producer: &[u8], iid: &[u8], id: StreamId) {
    if ctx.stream(key).idempotency.is_none() {
        let (duration_s, max_size) = (ctx.engine.config.stream_idmp_duration_s, ctx.engine.config.stream_idmp_maxsize);
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
