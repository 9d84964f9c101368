//! Finding sets, and computing unions, intersections and differences of several.

use crate::broker::Ctx;
use crate::command::error::Refusal;
use crate::reply::Reply;
use brooklet_storage::change::Change;
use brooklet_storage::keyspace::object::Kind as Type;
use brooklet_storage::store::{Class, Key};
use brooklet_storage::value::set::Set;
use bytes::Bytes;

/// The set `name` for reading.
pub fn read(ctx: &mut Ctx<'_>, name: &[u8]) -> Result<Option<Key>, Refusal> {
    ctx.read_kind(name, Type::Set)
}

/// The set `name` for changing it.
pub fn find(ctx: &mut Ctx<'_>, name: &[u8]) -> Result<Option<Key>, Refusal> {
    ctx.find_kind(name, Type::Set)
}

/// How several sets become one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// What is in any.
    Union,
    /// What is in all.
    Intersection,
    /// What is in the first and in no other.
    Difference,
}

/// The members of the result, up to `limit` of them; a key that does not exist is an empty set.
pub fn combine(ctx: &mut Ctx<'_>, names: &[&[u8]], operation: Operation, limit: usize) -> Result<Vec<Bytes>, Refusal> {
    let keys = ctx.read_all(names, Type::Set)?;
    let mut sets: Vec<&Set> = keys.iter().flatten().map(|key| ctx.set(*key)).collect();
    Ok(match operation {
        Operation::Union => union(&sets),
        Operation::Intersection if sets.len() < keys.len() => Vec::new(),
        Operation::Intersection => {
            // The smallest is walked, the others are asked.
            sets.sort_by_key(|set| set.len());
            let in_all = |member: &Bytes| sets.iter().skip(1).all(|set| set.contains(member));
            sets.first().map_or_else(Vec::new, |first| first.iter().filter(in_all).take(limit).collect())
        }
        Operation::Difference => {
            let Some(first) = keys.first().copied().flatten() else { return Ok(Vec::new()) };
            let others: Vec<&Set> = keys.iter().skip(1).flatten().map(|key| ctx.set(*key)).collect();
            let rest = ctx.set(first).iter().filter(|member| !others.iter().any(|set| set.contains(member)));
            rest.collect()
        }
    })
}

/// In the order that a set of them has.
fn union(sets: &[&Set]) -> Vec<Bytes> {
    let mut all = Set::new(0);
    for member in sets.iter().flat_map(|set| set.iter()) {
        all.add_shared(member);
    }
    all.iter().collect()
}

/// The members as a reply.
pub fn reply(members: Vec<Bytes>) -> Reply {
    Reply::Set(members.into_iter().map(Reply::Bulk).collect())
}

/// Makes `name` a set of these members, whatever it was; an empty one is no key. Their number.
pub fn store(ctx: &mut Ctx<'_>, name: &[u8], members: Vec<Bytes>) -> Result<Reply, Refusal> {
    if let Some(key) = ctx.replace(name, Type::Set, members.len())? {
        members.iter().for_each(|member| ctx.change(key, Change::MemberAdd { member }));
        ctx.notify(Class::SET, ctx.spec.name, name);
    }
    Ok(Reply::count(members.len()))
}
