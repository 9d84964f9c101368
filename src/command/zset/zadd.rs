//! ZADD: gives members scores; answers how many are new (CH: or changed; INCR: the new score, null if nothing was done).

use super::scores;
use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::{self, Refusal};
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::reply::Reply;
use brooklet_storage::keyspace::object::Kind as Type;
use brooklet_storage::store::Class;

/// ZADD.
pub static SPEC: Spec = Spec {
    name: "zadd",
    summary: "Gives members scores, under conditions if asked.",
    since: "1.2.0",
    group: Group::SortedSet,
    complexity: "O(log(N)) for each member, N those of the set",
    arity: -4,
    flags: &[Flag::Denyoom, Flag::Fast],
    keys: Keys::ONE,
    syntax: "key [NX | XX] [GT | LT] [CH] [INCR] score member [score member ...]",
    kind: Kind::Write(run),
    subcommands: &[],
};

#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Options {
    absent: bool,
    present: bool,
    greater: bool,
    less: bool,
    changed: bool,
    increment: bool,
}

impl Options {
    /// Adds, as ZINCRBY does.
    pub(super) const INCREMENT: Options =
        Options { absent: false, present: false, greater: false, less: false, changed: false, increment: true };
}

/// The options, and where the scores begin.
fn parse(args: Args<'_>) -> Result<(Options, usize), Refusal> {
    let mut options = Options::default();
    let mut at = 2;
    while let Some(word) = args.get(at) {
        let is = |name: &str| word.eq_ignore_ascii_case(name.as_bytes());
        match () {
            () if is("NX") => options.absent = true,
            () if is("XX") => options.present = true,
            () if is("GT") => options.greater = true,
            () if is("LT") => options.less = true,
            () if is("CH") => options.changed = true,
            () if is("INCR") => options.increment = true,
            () => break,
        }
        at += 1;
    }
    let values = args.len() - at;
    let Options { absent, present, greater, less, increment, .. } = options;
    match () {
        () if values == 0 || !values.is_multiple_of(2) => Err(error::SYNTAX),
        () if absent && present => Err(error::zset::NX_AND_XX),
        () if (greater && (absent || less)) || (less && absent) => Err(error::zset::GT_LT_NX),
        () if increment && values > 2 => Err(error::zset::INCR_PAIRS),
        () => Ok((options, at)),
    }
}

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    let (options, at) = parse(args)?;
    let pairs = args.from(at);
    let values: Vec<f64> = pairs.iter().step_by(2).map(scores::arg).collect::<Result<_, _>>()?;
    let members = pairs.iter().skip(1).step_by(2);
    put_all(ctx, args.at(1), values.into_iter().zip(members), options)
}

/// What becomes of a member.
fn settle(old: Option<f64>, given: f64, options: Options) -> Result<Option<f64>, Refusal> {
    let Some(old) = old else { return Ok((!options.present).then_some(given)) };
    if options.absent {
        return Ok(None);
    }
    let new = if options.increment { old + given } else { given };
    if new.is_nan() {
        return Err(error::zset::SCORE_NAN);
    }
    let refused = (options.greater && new <= old) || (options.less && new >= old);
    Ok((!refused).then_some(new))
}

/// Gives members scores and answers as ZADD does.
pub(super) fn put_all<'a>(
    ctx: &mut Ctx<'_>,
    name: &[u8],
    pairs: impl Iterator<Item = (f64, &'a [u8])>,
    options: Options,
) -> Result<Reply, Refusal> {
    let mut found = scores::find(ctx, name)?;
    let (mut added, mut changed, mut score) = (0, 0, None);
    for (given, member) in pairs {
        let old = found.and_then(|key| ctx.sorted_set(key).score(member));
        let Some(new) = settle(old, given, options)? else { continue };
        score = Some(new);
        if old != Some(new) {
            let key = ctx.or_create(found, name, Type::SortedSet);
            scores::put(ctx, key, member, new);
            found = Some(key);
            added += usize::from(old.is_none());
            changed += usize::from(old.is_some());
        }
    }
    if added + changed > 0 {
        ctx.notify(Class::SORTED_SET, if options.increment { "zincr" } else { "zadd" }, name);
    }
    Ok(match options {
        Options { increment: true, .. } => score.map_or(Reply::Null, Reply::Double),
        Options { changed: true, .. } => Reply::count(added + changed),
        _ => Reply::count(added),
    })
}
