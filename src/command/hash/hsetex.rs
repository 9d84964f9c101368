//! HSETEX: puts fields under conditions and with a deadline; 1 if it did, 0 if a condition did not hold.

use super::{fields, pairs};
use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::{self, Refusal};
use crate::command::number;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::reply::Reply;
use brooklet_storage::change::Change;
use brooklet_storage::keyspace::object::Kind as Type;
use brooklet_storage::store::Class;

/// HSETEX.
pub static SPEC: Spec = Spec {
    name: "hsetex",
    summary: "Puts fields with a deadline into a hash.",
    since: "8.0.0",
    group: Group::Hash,
    complexity: "O(N) for N fields",
    arity: -6,
    flags: &[Flag::Denyoom, Flag::Fast],
    keys: Keys::ONE,
    syntax: "key [FNX | FXX] [EX seconds | PX milliseconds | EXAT unix-time-seconds | PXAT unix-time-milliseconds \
             | KEEPTTL] FIELDS numfields field value [field value ...]",
    kind: Kind::Write(run),
    subcommands: &[],
};

#[derive(Default)]
struct Options<'a> {
    /// FNX: no field may be there (false), or FXX: all must be (true).
    present: Option<bool>,
    deadline_ms: Option<u64>,
    keep: bool,
    timed: bool,
    pairs: Option<Args<'a>>,
}

fn parse<'a>(ctx: &Ctx<'_>, args: Args<'a>) -> Result<Options<'a>, Refusal> {
    let mut options = Options::default();
    let mut i = 2;
    while let Some(word) = args.get(i) {
        let is = |name: &str| word.eq_ignore_ascii_case(name.as_bytes());
        match () {
            () if is("FIELDS") => {
                options.pairs = Some(pairs_of(ctx, args.from(i + 1))?);
                return Ok(options);
            }
            () if is("FNX") || is("FXX") => {
                if options.present.replace(is("FXX")).is_some() {
                    return Err(error::hash::TWO_CONDITIONS);
                }
            }
            () if (is("KEEPTTL") || fields::unit(word).is_some()) && options.timed => {
                return Err(error::hash::TWO_DEADLINES);
            }
            () if is("KEEPTTL") => (options.keep, options.timed) = (true, true),
            () => {
                let unit = fields::unit(word).ok_or_else(|| error::hash::unknown_argument(word))?;
                options.deadline_ms = Some(fields::deadline(ctx, args.at(i + 1), unit)?);
                options.timed = true;
                i += 1;
            }
        }
        i += 1;
    }
    Err(error::wrong_arity(ctx.spec.name))
}

fn pairs_of<'a>(ctx: &Ctx<'_>, args: Args<'a>) -> Result<Args<'a>, Refusal> {
    if args.len() < 3 {
        return Err(error::wrong_arity(ctx.spec.name));
    }
    let count = number::integer(args.at(0)).filter(|n| (1..=i64::from(i32::MAX)).contains(n));
    let count = count.ok_or(error::hash::NUMFIELDS_SET)?;
    let pairs = args.from(1);
    if pairs.len() as i64 == count * 2 { Ok(pairs) } else { Err(error::wrong_arity(ctx.spec.name)) }
}

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    let options = parse(ctx, args)?;
    let found = pairs::find(ctx, args.at(1))?;
    let pairs = options.pairs.unwrap_or(args.from(args.len()));
    let there = |field: &[u8]| found.is_some_and(|key| ctx.hash(key).get(field).is_some());
    let names: Vec<&[u8]> = pairs.iter().step_by(2).collect();
    if options.present.is_some_and(|wanted| names.iter().any(|field| there(field) != wanted)) {
        return Ok(Reply::Integer(0));
    }
    let key = ctx.or_create(found, args.at(1), Type::Hash);
    for (i, field) in names.into_iter().enumerate() {
        let old = ctx.hash(key).fields().get(field).and_then(|f| f.deadline_ms).filter(|_| options.keep);
        let deadline_ms = options.deadline_ms.or(old);
        ctx.change(key, Change::FieldPut { field, value: pairs.at(2 * i + 1), deadline_ms });
        if deadline_ms.is_some_and(|at| at as i64 <= ctx.now_ms) {
            ctx.change(key, Change::FieldRemove { field });
        }
    }
    ctx.notify_key(Class::HASH, "hset", key);
    if let Some(at) = options.deadline_ms {
        let word = if at as i64 <= ctx.now_ms { "hdel" } else { "hexpire" };
        ctx.notify_key(Class::HASH, word, key);
    }
    ctx.store().delete_if_empty(key);
    Ok(Reply::Integer(1))
}
