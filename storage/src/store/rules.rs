//! Standing rules: bytes under names. They belong to no key and to no database, and outlive both. What they mean is not
//! known here.

use super::Store;
use crate::batch::Effect;
use crate::codec::{Put, Reader};
use crate::error::{Result, StorageError};
use bytes::Bytes;
use std::collections::BTreeMap;

/// The rules, and whether their record holds them.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Rules {
    table: BTreeMap<Box<[u8]>, Bytes>,
    pub(crate) dirty: bool,
}

const VERSION: u8 = 1;

impl Rules {
    fn set(&mut self, name: &[u8], rule: &[u8]) {
        if rule.is_empty() {
            self.table.remove(name);
        } else {
            self.table.insert(name.into(), Bytes::copy_from_slice(rule));
        }
    }

    /// The record of all rules.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut out = vec![VERSION];
        for (name, rule) in &self.table {
            out.put_bytes(name);
            out.put_bytes(rule);
        }
        out
    }

    /// Reads the record of all rules.
    pub(crate) fn decode(bytes: &[u8]) -> Result<Rules> {
        let mut r = Reader::new(bytes, "rules");
        match r.byte()? {
            VERSION => {}
            other => return Err(StorageError::corrupt("rules", format!("version {other}"))),
        }
        let mut rules = Rules::default();
        while !r.is_empty() {
            let (name, rule) = (r.bytes()?, r.bytes()?);
            if rule.is_empty() || rules.table.insert(name.into(), Bytes::copy_from_slice(rule)).is_some() {
                return Err(StorageError::corrupt(
                    "rules",
                    format!("{} stands there twice, or empty", name.escape_ascii()),
                ));
            }
        }
        Ok(rules)
    }
}

impl Store {
    /// All rules, in byte order of their names.
    pub fn rules(&self) -> impl ExactSizeIterator<Item = (&[u8], &Bytes)> {
        self.rules.table.iter().map(|(name, rule)| (&name[..], rule))
    }

    /// The rule under a name.
    pub fn rule(&self, name: &[u8]) -> Option<&Bytes> {
        self.rules.table.get(name)
    }

    /// Sets the rule under a name; an empty one removes it.
    pub fn set_rule(&mut self, name: &[u8], rule: &[u8]) {
        self.batch.deselect();
        self.record(&Effect::Rule { name, bytes: rule });
        self.apply_rule(name, rule);
    }

    pub(super) fn apply_rule(&mut self, name: &[u8], rule: &[u8]) {
        self.rules.set(name, rule);
        self.rules.dirty = !self.volatile;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_record_comes_back_and_damage_is_refused() {
        let mut rules = Rules::default();
        rules.set(b"b", b"2");
        rules.set(b"", b"1");
        rules.set(b"c", b"3");
        rules.set(b"c", b"");
        let bytes = rules.encode();
        assert_eq!(Rules::decode(&bytes).unwrap(), rules);
        assert_eq!(rules.table.len(), 2);
        for damaged in
            [&b""[..], b"\x02", b"\x01\x01", b"\x01\x01a\x00", b"\x01\x01a\x01x\x01a\x01y", &bytes[..bytes.len() - 1]]
        {
            assert!(Rules::decode(damaged).is_err(), "{damaged:?}");
        }
    }
}
