//! Unions, intersections and differences of sorted sets and sets, with weights.

use super::scores;
use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::{self, Refusal};
use crate::command::number;
use crate::reply::Reply;
use brooklet_storage::keyspace::object::Value;
use brooklet_storage::store::Key;
use brooklet_storage::value::order::Ranked;
use brooklet_storage::value::sorted_set::SortedSet;
use bytes::Bytes;

/// How several become one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// What is in any.
    Union,
    /// What is in all.
    Intersection,
    /// What is in the first and in no other.
    Difference,
}

/// What becomes of two scores of one member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Aggregate {
    Sum,
    Min,
    Max,
}

impl Aggregate {
    fn apply(self, a: f64, b: f64) -> f64 {
        match self {
            // Infinity and minus infinity make nothing.
            Aggregate::Sum => number_or_zero(a + b),
            Aggregate::Min => a.min(b),
            Aggregate::Max => a.max(b),
        }
    }
}

fn number_or_zero(n: f64) -> f64 {
    if n.is_nan() { 0.0 } else { n }
}

/// A call: `numkeys key [key ...]` and options.
pub struct Sources<'a> {
    keys: Vec<Option<Key>>,
    rest: Args<'a>,
}

impl<'a> Sources<'a> {
    /// Reads the number and the keys at the front of `args`, and looks whether they hold sets.
    pub fn find(ctx: &mut Ctx<'_>, args: Args<'a>) -> Result<Sources<'a>, Refusal> {
        let numkeys = number::arg(args.at(0))?;
        if numkeys < 1 {
            return Err(error::zset::no_input_key(ctx.spec.name));
        }
        if numkeys > args.len() as i64 - 1 {
            return Err(error::SYNTAX);
        }
        let names = args.from(1).up_to(numkeys as usize);
        ctx.all_warm(names.iter())?;
        let mut keys = Vec::with_capacity(names.len());
        for name in names.iter() {
            let key = ctx.look_up(name)?;
            if key.is_some_and(|key| !matches!(ctx.engine.store.object(key).value, Value::Set(_) | Value::SortedSet(_)))
            {
                return Err(error::WRONG_TYPE);
            }
            keys.push(key);
        }
        Ok(Sources { keys, rest: args.from(1 + numkeys as usize) })
    }

    /// What stands behind the keys.
    pub fn rest(&self) -> Args<'a> {
        self.rest
    }
}

/// Options of a union, an intersection or a difference.
pub struct Options {
    weights: Vec<f64>,
    aggregate: Aggregate,
    /// Scores are answered, too.
    pub with_scores: bool,
}

impl Options {
    /// Reads the options; those that store something know no WITHSCORES, and differences nothing else.
    pub fn parse(sources: &Sources<'_>, operation: Operation, stored: bool) -> Result<Options, Refusal> {
        let mut options =
            Options { weights: vec![1.0; sources.keys.len()], aggregate: Aggregate::Sum, with_scores: false };
        let (args, weighted) = (sources.rest, operation != Operation::Difference);
        let mut i = 0;
        while let Some(word) = args.get(i) {
            let is = |name: &str| word.eq_ignore_ascii_case(name.as_bytes());
            match () {
                () if weighted && is("WEIGHTS") && args.len() - i > sources.keys.len() => {
                    let weights = args.from(i + 1).up_to(sources.keys.len()).iter();
                    let weights = weights.map(|text| scores::number(text).ok_or(error::zset::WEIGHT_NOT_FLOAT));
                    options.weights = weights.collect::<Result<_, _>>()?;
                    i += sources.keys.len();
                }
                () if weighted && is("AGGREGATE") && i + 1 < args.len() => {
                    let is = |name: &str| args.at(i + 1).eq_ignore_ascii_case(name.as_bytes());
                    options.aggregate = match () {
                        () if is("SUM") => Aggregate::Sum,
                        () if is("MIN") => Aggregate::Min,
                        () if is("MAX") => Aggregate::Max,
                        () => return Err(error::SYNTAX),
                    };
                    i += 1;
                }
                () if !stored && is("WITHSCORES") => options.with_scores = true,
                () => return Err(error::SYNTAX),
            }
            i += 1;
        }
        Ok(options)
    }
}

/// Members of a source with their scores; those of a plain set have the score 1.
fn members<'a>(ctx: &'a Ctx<'_>, key: Key) -> Box<dyn Iterator<Item = Ranked> + 'a> {
    match &ctx.engine.store.object(key).value {
        Value::Set(set) => Box::new(set.iter().map(|member| (1.0, member))),
        Value::SortedSet(set) => Box::new(set.order().from(0).cloned()),
        _ => Box::new(std::iter::empty()),
    }
}

fn score_in(ctx: &Ctx<'_>, key: Key, member: &[u8]) -> Option<f64> {
    match &ctx.engine.store.object(key).value {
        Value::Set(set) => set.contains(member).then_some(1.0),
        Value::SortedSet(set) => set.score(member),
        _ => None,
    }
}

fn size(ctx: &Ctx<'_>, key: Option<Key>) -> usize {
    match key.map(|key| &ctx.engine.store.object(key).value) {
        Some(Value::Set(set)) => set.len(),
        Some(Value::SortedSet(set)) => set.len(),
        _ => 0,
    }
}

/// The result, in the order of its scores.
pub fn result(ctx: &Ctx<'_>, sources: &Sources<'_>, operation: Operation, options: &Options) -> Vec<Ranked> {
    let mut result = SortedSet::new(0);
    let mut weighted: Vec<(Option<Key>, f64)> =
        sources.keys.iter().copied().zip(options.weights.iter().copied()).collect();
    if operation == Operation::Difference {
        for (score, member) in difference(ctx, &sources.keys) {
            result.put(&member, score);
        }
    } else {
        // Smallest first, as the reference adds: sums of floats depend on the order.
        weighted.sort_by_key(|(key, _)| size(ctx, *key));
    }
    match operation {
        Operation::Difference => {}
        Operation::Union => {
            for (key, weight) in weighted.iter().filter_map(|(key, weight)| Some(((*key)?, *weight))) {
                for (score, member) in members(ctx, key) {
                    let score = number_or_zero(score * weight);
                    let old = result.score(&member);
                    result.put(&member, old.map_or(score, |old| options.aggregate.apply(old, score)));
                }
            }
        }
        Operation::Intersection => {
            for (member, score) in intersection(ctx, &weighted, options.aggregate, usize::MAX) {
                result.put(&member, score);
            }
        }
    }
    result.order().from(0).cloned().collect()
}

fn difference(ctx: &Ctx<'_>, keys: &[Option<Key>]) -> Vec<Ranked> {
    let Some((Some(first), others)) = keys.split_first().map(|(first, others)| (*first, others)) else {
        return Vec::new();
    };
    let elsewhere = |member: &Bytes| others.iter().flatten().any(|key| score_in(ctx, *key, member).is_some());
    members(ctx, first).filter(|(_, member)| !elsewhere(member)).collect()
}

fn intersection(
    ctx: &Ctx<'_>,
    weighted: &[(Option<Key>, f64)],
    aggregate: Aggregate,
    limit: usize,
) -> Vec<(Bytes, f64)> {
    let keys: Option<Vec<(Key, f64)>> = weighted.iter().map(|(key, weight)| Some(((*key)?, *weight))).collect();
    let Some(((first, weight), others)) = keys.as_ref().and_then(|keys| keys.split_first()) else {
        return Vec::new();
    };
    let in_all = |(score, member): Ranked| {
        let mut score = number_or_zero(score * weight);
        for (key, weight) in others {
            score = aggregate.apply(score, number_or_zero(score_in(ctx, *key, &member)? * weight));
        }
        Some((member, score))
    };
    members(ctx, *first).filter_map(in_all).take(limit).collect()
}

/// How many members are in all sources, counted up to `limit`.
pub fn count_common(ctx: &Ctx<'_>, sources: &Sources<'_>, limit: usize) -> usize {
    let mut keys: Vec<(Option<Key>, f64)> = sources.keys.iter().map(|key| (*key, 1.0)).collect();
    keys.sort_by_key(|(key, _)| size(ctx, *key));
    intersection(ctx, &keys, Aggregate::Sum, limit).len()
}

/// ZUNION, ZINTER and ZDIFF.
pub fn answer(ctx: &mut Ctx<'_>, args: Args<'_>, operation: Operation) -> Result<Reply, Refusal> {
    let sources = Sources::find(ctx, args.from(1))?;
    let options = Options::parse(&sources, operation, false)?;
    let members = result(ctx, &sources, operation, &options);
    Ok(scores::reply(members.iter(), options.with_scores))
}

/// ZUNIONSTORE, ZINTERSTORE and ZDIFFSTORE.
pub fn store(ctx: &mut Ctx<'_>, args: Args<'_>, operation: Operation) -> Result<Reply, Refusal> {
    ctx.all_warm([args.at(1)])?;
    let sources = Sources::find(ctx, args.from(2))?;
    let options = Options::parse(&sources, operation, true)?;
    let members = result(ctx, &sources, operation, &options);
    scores::store(ctx, args.at(1), &members)
}
