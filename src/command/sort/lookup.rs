//! What a pattern of BY or GET finds for an element: a string, or a field of a hash.

use crate::broker::Ctx;
use crate::command::error::Refusal;
use brooklet_storage::keyspace::object::Kind;
use bytes::Bytes;

/// A pattern: the name of a key with a place for the element, and perhaps a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pattern<'a> {
    /// The element itself.
    Element,
    /// There is no place for it, so nothing is found.
    Nothing,
    /// A key, and a field of it.
    Key(&'a [u8], &'a [u8], Option<&'a [u8]>),
}

impl<'a> Pattern<'a> {
    /// Takes a pattern apart: `#`, or `before*behind`, or `before*behind->field`.
    pub fn parse(text: &'a [u8]) -> Pattern<'a> {
        if text == b"#" {
            return Pattern::Element;
        }
        let Some(star) = memchr::memchr(b'*', text) else { return Pattern::Nothing };
        let (before, behind) = (&text[..star], &text[star + 1..]);
        match memchr::memmem::find(behind, b"->").filter(|at| at + 2 < behind.len()) {
            Some(at) => Pattern::Key(before, &behind[..at], Some(&behind[at + 2..])),
            None => Pattern::Key(before, behind, None),
        }
    }

    /// The key that it means for an element.
    pub fn key(self, element: &[u8]) -> Option<Vec<u8>> {
        match self {
            Pattern::Key(before, behind, _) => Some([before, element, behind].concat()),
            Pattern::Element | Pattern::Nothing => None,
        }
    }

    /// What it finds for an element.
    pub fn find(self, ctx: &mut Ctx<'_>, element: &Bytes) -> Result<Option<Bytes>, Refusal> {
        let field = match self {
            Pattern::Element => return Ok(Some(element.clone())),
            Pattern::Nothing => return Ok(None),
            Pattern::Key(_, _, field) => field,
        };
        let name = self.key(element).unwrap_or_default();
        let Some(key) = ctx.look_up(&name)? else { return Ok(None) };
        let kind = ctx.engine.store.object(key).kind();
        Ok(match field {
            None => ctx.engine.store.string(key).cloned(),
            Some(field) if kind == Kind::Hash => ctx.hash(key).get(field).cloned(),
            Some(_) => None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns() {
        assert_eq!(Pattern::parse(b"#"), Pattern::Element);
        assert_eq!(Pattern::parse(b"nosort"), Pattern::Nothing);
        assert_eq!(Pattern::parse(b"w_*"), Pattern::Key(b"w_", b"", None));
        assert_eq!(Pattern::parse(b"w_*_x->f"), Pattern::Key(b"w_", b"_x", Some(b"f")));
        assert_eq!(Pattern::parse(b"w_*->"), Pattern::Key(b"w_", b"->", None));
        assert_eq!(Pattern::parse(b"a->*"), Pattern::Key(b"a->", b"", None));
    }
}
