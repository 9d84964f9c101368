//! Policies as they are stored: a rule of the store each, bytes under a name.
//!
//! ```text
//! name   [2][db u32][key]     of a key
//!        [3][name]            of a template
//! bytes  [version][rank][pattern?][pattern]([name][value])...
//! ```

use super::{Scope, Template};
use brooklet_storage::codec::{Put, Reader};
use bytes::Bytes;

const OF_KEY: u8 = 2;
const OF_TEMPLATE: u8 = 3;
const VERSION: u8 = 1;

/// A policy's name and bytes; no bytes if there is none.
pub fn write(scope: &Scope, policy: Option<&Template>) -> (Vec<u8>, Vec<u8>) {
    let name = match scope {
        Scope::Key(db, key) => [&[OF_KEY][..], &db.to_be_bytes(), key].concat(),
        Scope::Template(name) => [&[OF_TEMPLATE][..], name].concat(),
    };
    let Some(policy) = policy else { return (name, Vec::new()) };
    let mut bytes = vec![VERSION];
    bytes.put_signed(policy.rank);
    bytes.push(u8::from(policy.pattern.is_some()));
    bytes.put_bytes(policy.pattern.as_deref().unwrap_or_default());
    for (name, value) in policy.settings.iter() {
        bytes.put_bytes(&name);
        bytes.put_bytes(value.as_bytes());
    }
    (name, bytes)
}

/// A policy as it was stored. Settings that this program does not know are left out; none if it is no policy.
pub fn read(name: &[u8], rule: &Bytes) -> Option<(Scope, Template)> {
    let scope = match name.split_first()? {
        (&OF_KEY, rest) => {
            let (db, key) = rest.split_first_chunk()?;
            Scope::Key(u32::from_be_bytes(*db), key.into())
        }
        (&OF_TEMPLATE, rest) => Scope::Template(rest.into()),
        _ => return None,
    };
    let mut r = Reader::new(rule, "policy");
    if r.byte().ok()? != VERSION {
        return None;
    }
    let mut template = Template { rank: r.signed().ok()?, ..Template::default() };
    let (has_pattern, pattern) = (r.byte().ok()? == 1, r.bytes().ok()?);
    template.pattern = has_pattern.then(|| pattern.into());
    while !r.is_empty() {
        let (name, value) = (r.bytes().ok()?, r.bytes().ok()?);
        if template.settings.set(name, value).is_err() {
            tracing::warn!("a setting that this program does not know is left out: {}", name.escape_ascii());
        }
    }
    Some((scope, template))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::settings::Settings;

    #[test]
    fn policies_come_back_and_other_bytes_are_none() {
        let mut settings = Settings::default();
        settings.set(b"group.g.max-deliver", b"3").unwrap();
        let template = Template { pattern: Some(b"o*"[..].into()), rank: -7, settings };
        for scope in [Scope::Template(b"t"[..].into()), Scope::Key(9, b"orders"[..].into())] {
            let (name, bytes) = write(&scope, Some(&template));
            let bytes = Bytes::from(bytes);
            assert_eq!(read(&name, &bytes), Some((scope.clone(), template.clone())));
            for end in 0..3 {
                assert_eq!(read(&name, &bytes.slice(..end)), None, "{end}");
            }
            assert_eq!(write(&scope, None), (name, Vec::new()));
        }
        assert_eq!(read(b"", &Bytes::new()), None);
        assert_eq!(read(b"\x02\0\0", &Bytes::from_static(b"\x01")), None);
    }
}
