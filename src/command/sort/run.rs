//! What SORT and SORT_RO share: elements, weights, order, part, and what is answered of each.

use super::lookup::Pattern;
use super::options::Options;
use super::order::{self, Weight};
use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::{self, Refusal};
use crate::command::slots;
use crate::reply::Reply;
use brooklet_storage::keyspace::object::Kind;
use brooklet_storage::store::Key;
use brooklet_storage::value::order::Ranked;
use bytes::Bytes;
use std::ops::Range;

/// What was found, and the key it is to be stored in.
type Sorted<'a> = (Vec<Option<Bytes>>, Option<&'a [u8]>);

/// What is to be answered or stored, and where to.
pub fn sorted<'a>(ctx: &mut Ctx<'_>, args: Args<'a>, may_store: bool) -> Result<Sorted<'a>, Refusal> {
    let slot = ctx.engine.cluster.as_ref().map(|_| slots::of(args.at(1)));
    let options = Options::parse(args.from(2), may_store, slot)?;
    check_patterns(ctx, args, &options)?;
    let found = ctx.look_up(args.at(1))?;
    if let Some(destination) = options.store {
        ctx.all_warm([destination])?;
    }
    let elements = match found {
        Some(key) => ordered(ctx, key, &options)?,
        None => Vec::new(),
    };
    if options.get.is_empty() {
        return Ok((elements.into_iter().map(Some).collect(), options.store));
    }
    let patterns: Vec<Pattern<'_>> = options.get.iter().map(|get| Pattern::parse(get)).collect();
    warm(ctx, &patterns, &elements)?;
    let mut answers = Vec::with_capacity(elements.len() * patterns.len());
    for element in &elements {
        for pattern in &patterns {
            answers.push(pattern.find(ctx, element)?);
        }
    }
    Ok((answers, options.store))
}

/// Patterns may lead to any key: who uses them must be allowed to read all.
fn check_patterns(ctx: &Ctx<'_>, args: Args<'_>, options: &Options<'_>) -> Result<(), Refusal> {
    let looks_up = options.by.is_some_and(|by| by.contains(&b'*'));
    if !looks_up && options.get.is_empty() {
        return Ok(());
    }
    if ctx.engine.user_of(ctx.client).is_none_or(|user| user.may_read_all(ctx.spec, args)) {
        return Ok(());
    }
    Err(if looks_up { error::acl::SORT_BY } else { error::acl::SORT_GET })
}

/// A list of what was found.
pub fn reply(sorted: Vec<Option<Bytes>>) -> Reply {
    Reply::Array(sorted.into_iter().map(|element| element.map_or(Reply::Null, Reply::Bulk)).collect())
}

/// The wanted part of the elements, in order.
fn ordered(ctx: &mut Ctx<'_>, key: Key, options: &Options<'_>) -> Result<Vec<Bytes>, Refusal> {
    let mut options = options.clone();
    let kind = ctx.engine.store.object(key).kind();
    if kind == Kind::Set && options.keeps_order() && (options.store.is_some() || ctx.engine.in_script()) {
        // A set has no order; what is stored, or what a script works with, must have one that everybody can repeat.
        (options.by, options.alpha) = (None, true);
    }
    if options.keeps_order() {
        return elements(ctx, key, kind, options.descending, |len| options.part(len));
    }
    let elements = elements(ctx, key, kind, false, |len| 0..len)?;
    let part = options.part(elements.len());
    let pattern = options.by.map_or(Pattern::Element, Pattern::parse);
    warm(ctx, &[pattern], &elements)?;
    let mut weighed = Vec::with_capacity(elements.len());
    for element in elements {
        weighed.push((Weight::of(pattern.find(ctx, &element)?, options.alpha)?, element));
    }
    order::sort(&mut weighed, options.descending);
    Ok(weighed.drain(part).map(|(_, element)| element).collect())
}

/// The part of the elements that `part` wants of so many, as they stand in the value, or from its end. (A set has none.)
fn elements(
    ctx: &Ctx<'_>,
    key: Key,
    kind: Kind,
    from_end: bool,
    part: impl Fn(usize) -> Range<usize>,
) -> Result<Vec<Bytes>, Refusal> {
    Ok(match kind {
        Kind::List => {
            let list = ctx.list(key).elements();
            let part = part(list.len());
            if from_end {
                list.iter().rev().skip(part.start).take(part.len()).cloned().collect()
            } else {
                list.range(part).cloned().collect()
            }
        }
        Kind::Set => {
            let set = ctx.set(key);
            let part = part(set.len());
            set.iter().skip(part.start).take(part.len()).collect()
        }
        Kind::SortedSet => {
            let order = ctx.sorted_set(key).order();
            let part = part(order.len());
            let member = |(_, member): &Ranked| member.clone();
            if from_end {
                order.below(order.len() - part.start).take(part.len()).map(member).collect()
            } else {
                order.from(part.start).take(part.len()).map(member).collect()
            }
        }
        _ => return Err(error::WRONG_TYPE),
    })
}

/// Asks for all keys that the patterns mean at once.
fn warm(ctx: &Ctx<'_>, patterns: &[Pattern<'_>], elements: &[Bytes]) -> Result<(), Refusal> {
    let keys: Vec<Vec<u8>> =
        elements.iter().flat_map(|element| patterns.iter().filter_map(|p| p.key(element))).collect();
    Ok(ctx.all_warm(keys.iter().map(Vec::as_slice))?)
}
