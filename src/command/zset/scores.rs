//! Scores in arguments and in replies, and finding sorted sets.

use crate::broker::Ctx;
use crate::command::error::{self, Refusal};
use crate::command::extended::Extended;
use crate::command::number;
use crate::reply::Reply;
use crate::resp::double;
use brooklet_storage::change::Change;
use brooklet_storage::keyspace::object::Kind as Type;
use brooklet_storage::store::{Class, Key};
use brooklet_storage::value::order::Ranked;

/// The sorted set `name` for reading.
pub fn read(ctx: &mut Ctx<'_>, name: &[u8]) -> Result<Option<Key>, Refusal> {
    ctx.read_kind(name, Type::SortedSet)
}

/// The sorted set `name` for changing it.
pub fn find(ctx: &mut Ctx<'_>, name: &[u8]) -> Result<Option<Key>, Refusal> {
    ctx.find_kind(name, Type::SortedSet)
}

/// A number as C's `strtod` reads it: hexadecimal and words for infinity included, out of range refused.
pub fn number(text: &[u8]) -> Option<f64> {
    let digits = text.strip_prefix(b"-").or(text.strip_prefix(b"+")).unwrap_or(text);
    if matches!(digits, [b'0', b'x' | b'X', ..]) {
        return Extended::parse(text).map(Extended::to_f64);
    }
    let value = number::float(text)?;
    let is_word = digits.first().is_some_and(u8::is_ascii_alphabetic);
    let mantissa = digits.split(|b| matches!(b, b'e' | b'E')).next().unwrap_or_default();
    let vanished = value == 0.0 && mantissa.iter().any(|b| matches!(b, b'1'..=b'9'));
    if (value.is_infinite() && !is_word) || vanished { None } else { Some(value) }
}

/// A score as an argument.
pub fn arg(text: &[u8]) -> Result<f64, Refusal> {
    number(text).ok_or(error::NOT_FLOAT)
}

/// A score as text, where an answer is text in both protocols.
pub fn text(score: f64) -> Reply {
    let mut out = Vec::new();
    double::write(score, &mut out);
    Reply::bulk(out)
}

/// Gives a member a score.
pub fn put(ctx: &mut Ctx<'_>, key: Key, member: &[u8], score: f64) {
    ctx.change(key, Change::ScorePut { member, bits: score.to_bits() });
}

/// Members with or without their scores.
pub fn reply<'a>(members: impl Iterator<Item = &'a Ranked>, with_scores: bool) -> Reply {
    if with_scores {
        return Reply::Tuples(
            members.map(|(score, member)| (Reply::Bulk(member.clone()), Reply::Double(*score))).collect(),
        );
    }
    Reply::Array(members.map(|(_, member)| Reply::Bulk(member.clone())).collect())
}

/// Makes `name` a sorted set of these members, whatever it was; an empty one is no key. Their number.
pub fn store(ctx: &mut Ctx<'_>, name: &[u8], members: &[Ranked]) -> Result<Reply, Refusal> {
    if let Some(key) = ctx.replace(name, Type::SortedSet, members.len())? {
        members.iter().for_each(|(score, member)| put(ctx, key, member, *score));
        ctx.notify(Class::SORTED_SET, ctx.spec.name, name);
    }
    Ok(Reply::count(members.len()))
}

/// Takes members out.
pub fn remove(ctx: &mut Ctx<'_>, key: Key, members: &[Ranked], word: &'static str) {
    for (_, member) in members {
        ctx.change(key, Change::ScoreRemove { member });
    }
    if !members.is_empty() {
        ctx.notify_key(Class::SORTED_SET, word, key);
    }
    ctx.store().delete_if_empty(key);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers() {
        for (text, expected) in [
            ("1.5", Some(1.5)),
            ("0x10", Some(16.0)),
            ("+inf", Some(f64::INFINITY)),
            ("-Infinity", Some(f64::NEG_INFINITY)),
            ("0e5", Some(0.0)),
            ("1e400", None),
            ("1e-400", None),
            ("nan", None),
            (" 1", None),
            ("1 ", None),
            ("", None),
        ] {
            assert_eq!(number(text.as_bytes()), expected, "{text:?}");
        }
    }
}
