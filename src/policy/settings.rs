//! What one policy says: values of settings (`settings/table.rs`), for all groups or for one.
//!
//! `redeliver` holds for all groups of a stream, `group.NAME.redeliver` for the group NAME; `group.*.redeliver` is another
//! way to write the first.

mod table;

pub use table::{Setting, TABLE};

use super::Rules;
use std::collections::BTreeMap;

/// Settings of one policy, at most.
pub const MOST: usize = 128;
/// Bytes of a name or a value, at most.
pub const LONGEST: usize = 1024;

/// Why a setting cannot be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wrong {
    /// There is no such setting.
    Name,
    /// It cannot have this value.
    Value(&'static Setting),
    /// A policy can say no more.
    Many,
}

/// A group (none = all of them), and the name of a setting.
type Of = (Option<Box<[u8]>>, &'static str);

/// What a policy says, as it was written; every name and value of it is right.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    values: BTreeMap<Of, Box<str>>,
}

/// The group of a name, and the setting.
fn resolve(name: &[u8]) -> Result<(Option<&[u8]>, &'static Setting), Wrong> {
    let (group, own) = match name.get(..6).filter(|word| word.eq_ignore_ascii_case(b"group.")) {
        None => (None, name),
        Some(_) => {
            let rest = &name[6..];
            let dot = memchr::memrchr(b'.', rest).ok_or(Wrong::Name)?;
            (Some(&rest[..dot]).filter(|group| *group != b"*"), &rest[dot + 1..])
        }
    };
    let setting = TABLE.iter().find(|setting| setting.name.as_bytes().eq_ignore_ascii_case(own));
    setting.filter(|setting| group.is_none() || setting.of_groups).map(|setting| (group, setting)).ok_or(Wrong::Name)
}

impl Settings {
    /// Says one thing.
    ///
    /// # Errors
    /// There is no such thing, or it cannot have this value; nothing is changed then.
    pub fn set(&mut self, name: &[u8], value: &[u8]) -> Result<(), Wrong> {
        let (group, setting) = resolve(name)?;
        let text = std::str::from_utf8(value).ok().filter(|text| text.len() <= LONGEST);
        let text = text.ok_or(Wrong::Value(setting))?;
        (setting.set)(&mut Rules::default(), text).ok_or(Wrong::Value(setting))?;
        let key = (group.map(Box::from), setting.name);
        if name.len() > LONGEST || (self.values.len() >= MOST && !self.values.contains_key(&key)) {
            return Err(Wrong::Many);
        }
        self.values.insert(key, text.into());
        Ok(())
    }

    /// Says nothing of it any more; whether it did.
    ///
    /// # Errors
    /// There is no such thing.
    pub fn unset(&mut self, name: &[u8]) -> Result<bool, Wrong> {
        let (group, setting) = resolve(name)?;
        Ok(self.values.remove(&(group.map(Box::from), setting.name)).is_some())
    }

    /// Whether it says nothing.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// What it says: names and values, as [`Settings::set`] takes them.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (Vec<u8>, &str)> {
        self.values.iter().map(|((group, name), value)| (full_name(group.as_deref(), name), &**value))
    }

    /// Groups of which it says something.
    pub(super) fn groups(&self) -> impl Iterator<Item = &[u8]> {
        self.values.keys().filter_map(|(group, _)| group.as_deref())
    }

    /// Lays what it says of `group` (none = of all) over what holds so far, in the order of the table.
    pub(super) fn apply(&self, group: Option<&[u8]>, rules: &mut Rules) {
        if self.values.keys().all(|(of, _)| of.as_deref() != group) {
            return;
        }
        let group: Option<Box<[u8]>> = group.map(Box::from);
        for setting in TABLE {
            if let Some(value) = self.values.get(&(group.clone(), setting.name)) {
                // Checked when it was said.
                let _ = (setting.set)(rules, value);
            }
        }
    }
}

/// A setting's name for a group.
pub fn full_name(group: Option<&[u8]>, name: &str) -> Vec<u8> {
    match group {
        None => name.as_bytes().to_vec(),
        Some(group) => [b"group.", group, b".", name.as_bytes()].concat(),
    }
}

/// What holds: names and values.
pub fn show(rules: &Rules) -> impl Iterator<Item = (&'static str, String)> {
    TABLE.iter().map(|setting| (setting.name, (setting.show)(rules)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_default_can_be_said() {
        // Nothing is preferred unless somebody says so.
        for (name, value) in show(&Rules::default()).filter(|(name, _)| *name != "priority") {
            let mut settings = Settings::default();
            assert_eq!(settings.set(name.as_bytes(), value.as_bytes()), Ok(()), "{name} {value}");
            let mut rules = Rules::default();
            settings.apply(None, &mut rules);
            assert_eq!(show(&rules).find(|(own, _)| *own == name).unwrap().1, value);
        }
    }

    #[test]
    fn groups_may_have_dots_and_a_star_means_all() {
        let mut settings = Settings::default();
        settings.set(b"GROUP.a.b.Max-Deliver", b"7").unwrap();
        settings.set(b"group.*.max-deliver", b"3").unwrap();
        let said: Vec<_> = settings.iter().map(|(name, value)| (name, value.to_owned())).collect();
        assert_eq!(said, [(b"max-deliver".to_vec(), "3".into()), (b"group.a.b.max-deliver".to_vec(), "7".into())]);
        assert_eq!(settings.unset(b"max-deliver"), Ok(true));
        assert_eq!(settings.unset(b"max-deliver"), Ok(false));
    }

    #[test]
    fn what_cannot_be_is_refused() {
        let mut settings = Settings::default();
        let value = |name: &str| Err(Wrong::Value(TABLE.iter().find(|s| s.name == name).unwrap()));
        for (name, text, expected) in [
            ("redeliver", "yes", value("redeliver")),
            ("ack-wait-ms", "0", value("ack-wait-ms")),
            ("max-deliver", "-1", value("max-deliver")),
            ("max-deliver", "+1", value("max-deliver")),
            ("group.g.backoff", "soon", value("backoff")),
            ("max_deliver", "1", Err(Wrong::Name)),
            ("group.max-deliver", "1", Err(Wrong::Name)),
            ("group.g.maxlen", "1", Err(Wrong::Name)),
            ("clean-batch", "0", value("clean-batch")),
            ("", "1", Err(Wrong::Name)),
        ] {
            assert_eq!(settings.set(name.as_bytes(), text.as_bytes()), expected, "{name} {text}");
        }
        assert_eq!(settings.set(b"dlq", b"\xff"), value("dlq"));
        for n in 0..MOST {
            settings.set(format!("group.{n}.max-deliver").as_bytes(), b"1").unwrap();
        }
        assert_eq!(settings.set(b"max-deliver", b"1"), Err(Wrong::Many));
        assert_eq!(settings.set(b"group.5.max-deliver", b"2"), Ok(()), "a change is none more");
    }
}
