//! What a policy can say: one table. Adding a setting: a line in [`TABLE`], and a field of what it is about.
//!
//! `redeliver` holds for all groups of a stream, `group.NAME.redeliver` for the group NAME; `group.*.redeliver` is another
//! way to write the first.

use super::Rules;
use super::backoff::Backoff;
use super::delivery::OnMax;
use super::duration;
use super::retention::Retain;
use std::collections::BTreeMap;

/// One thing that a policy can say.
pub struct Setting {
    /// Its name.
    pub name: &'static str,
    /// What can stand there.
    pub values: &'static str,
    /// What it does.
    pub summary: &'static str,
    /// Groups can differ in it.
    of_groups: bool,
    set: fn(&mut Rules, &str) -> Option<()>,
    show: fn(&Rules) -> String,
}

/// All of them, in the order in which they are shown.
pub static TABLE: &[Setting] = &[
    Setting {
        name: "redeliver",
        values: "off | auto",
        summary: "auto: entries that are due again are given to readers of `>` before new ones",
        of_groups: true,
        set: |r, text| {
            r.delivery.redeliver = word(text, &[("off", false), ("auto", true)])?;
            Some(())
        },
        show: |r| if r.delivery.redeliver { "auto" } else { "off" }.to_owned(),
    },
    Setting {
        name: "ack-wait-ms",
        values: "milliseconds, or a length of time like 30s",
        summary: "a delivery that is not acknowledged for so long has failed",
        of_groups: true,
        set: |r, text| {
            r.delivery.ack_wait_ms = duration::parse(text).filter(|ms| *ms > 0)?;
            Some(())
        },
        show: |r| r.delivery.ack_wait_ms.to_string(),
    },
    Setting {
        name: "max-deliver",
        values: "a number, 0 = no limit",
        summary: "after so many deliveries that failed there is no other",
        of_groups: true,
        set: |r, text| {
            r.delivery.max_deliver = number(text).and_then(|n| i64::try_from(n).ok()).filter(|n| *n < i64::MAX)?;
            Some(())
        },
        show: |r| r.delivery.max_deliver.to_string(),
    },
    Setting {
        name: "backoff",
        values: "none | 1s,5s,30s | exp:base,factor,cap,jitter",
        summary: "the wait before the next delivery: after the first that failed, the second, ...",
        of_groups: true,
        set: |r, text| {
            r.delivery.backoff = Backoff::parse(text)?;
            Some(())
        },
        show: |r| r.delivery.backoff.show(),
    },
    Setting {
        name: "on-max",
        values: "park | dlq | drop",
        summary: "what becomes of an entry that failed too often: it stays pending, goes to the dead letters, is acknowledged",
        of_groups: true,
        set: |r, text| {
            let words = [("park", OnMax::Park), ("dlq", OnMax::DeadLetter), ("drop", OnMax::Drop)];
            r.delivery.on_max = Some(word(text, &words)?);
            Some(())
        },
        show: |r| match r.delivery.on_max() {
            OnMax::Park => "park".to_owned(),
            OnMax::DeadLetter => "dlq".to_owned(),
            OnMax::Drop => "drop".to_owned(),
        },
    },
    Setting {
        name: "dlq",
        values: "auto | a key",
        summary: "the stream of dead letters, `auto` = the stream's name and `:dlq`; on-max is dlq then unless it is set",
        of_groups: true,
        set: |r, text| {
            let name = if text.eq_ignore_ascii_case("auto") { "" } else { text };
            r.delivery.dead_letters = Some(name.as_bytes().into());
            Some(())
        },
        show: |r| match r.delivery.dead_letters.as_deref() {
            None | Some(b"") => "auto".to_owned(),
            Some(name) => String::from_utf8_lossy(name).into_owned(),
        },
    },
    Setting {
        name: "max-ack-pending",
        values: "a number, 0 = no limit",
        summary: "entries of a group that may be under way; what nobody owns does not count",
        of_groups: true,
        set: |r, text| {
            r.delivery.max_ack_pending = number(text)?;
            Some(())
        },
        show: |r| r.delivery.max_ack_pending.to_string(),
    },
    Setting {
        name: "max-ack-pending-consumer",
        values: "a number, 0 = no limit",
        summary: "entries that may be under way at one consumer",
        of_groups: true,
        set: |r, text| {
            r.delivery.max_ack_pending_consumer = number(text)?;
            Some(())
        },
        show: |r| r.delivery.max_ack_pending_consumer.to_string(),
    },
    Setting {
        name: "priority",
        values: "low | normal | high | critical",
        summary: "what retention is unless it is set: limits; acked; the same and ten minutes at least; the same and overflow reject",
        of_groups: false,
        set: |r, text| {
            let words = ["low", "normal", "high", "critical"];
            r.retention.prefer(words.iter().position(|word| word.eq_ignore_ascii_case(text))?);
            Some(())
        },
        show: |r| r.retention.priority.map_or("", |n| ["low", "normal", "high", "critical"][n]).to_owned(),
    },
    Setting {
        name: "retain",
        values: "limits | acked | interest",
        summary: "limits: what is over a limit goes; acked: only what every group has acknowledged; interest: all of that, without a limit",
        of_groups: false,
        set: |r, text| {
            r.retention.retain = word(text, &RETAIN)?;
            Some(())
        },
        show: |r| {
            RETAIN.iter().find(|(_, retain)| *retain == r.retention.retain).map_or("", |(word, _)| word).to_owned()
        },
    },
    Setting {
        name: "maxlen",
        values: "a number, 0 = no limit",
        summary: "the oldest entries go when there are more than this, and a batch",
        of_groups: false,
        set: |r, text| {
            r.retention.maxlen = number(text)? as u64;
            Some(())
        },
        show: |r| r.retention.maxlen.to_string(),
    },
    Setting {
        name: "maxage-ms",
        values: "milliseconds, or a length of time like 1h; 0 = no limit",
        summary: "entries go when their id says that they are older",
        of_groups: false,
        set: |r, text| {
            r.retention.maxage_ms = duration::parse(text)?;
            Some(())
        },
        show: |r| r.retention.maxage_ms.to_string(),
    },
    Setting {
        name: "min-retention-ms",
        values: "milliseconds, or a length of time like 10m",
        summary: "no entry goes that is younger",
        of_groups: false,
        set: |r, text| {
            r.retention.min_ms = duration::parse(text)?;
            Some(())
        },
        show: |r| r.retention.min_ms.to_string(),
    },
    Setting {
        name: "min-retention-count",
        values: "a number",
        summary: "the newest so many stay",
        of_groups: false,
        set: |r, text| {
            r.retention.min_count = number(text)? as u64;
            Some(())
        },
        show: |r| r.retention.min_count.to_string(),
    },
    Setting {
        name: "ack-scope",
        values: "* | group,group,...",
        summary: "the groups that have to acknowledge; one that is named and not there keeps everything",
        of_groups: false,
        set: |r, text| {
            let groups = || text.split(',').map(|name| name.as_bytes().into()).collect();
            r.retention.scope = (text != "*").then(groups);
            Some(())
        },
        show: |r| match &r.retention.scope {
            None => "*".to_owned(),
            Some(groups) => String::from_utf8_lossy(&groups.join(&b',')).into_owned(),
        },
    },
    Setting {
        name: "overflow",
        values: "trim | reject",
        summary: "what a writer sees when more than maxlen have to stay: nothing, or the error STREAMFULL",
        of_groups: false,
        set: |r, text| {
            r.retention.reject = word(text, &[("trim", false), ("reject", true)])?;
            Some(())
        },
        show: |r| if r.retention.reject { "reject" } else { "trim" }.to_owned(),
    },
    Setting {
        name: "clean-batch",
        values: "a number above 0",
        summary: "entries above maxlen that are removed together",
        of_groups: false,
        set: |r, text| {
            r.retention.batch = number(text).filter(|n| *n > 0)? as u64;
            Some(())
        },
        show: |r| r.retention.batch.to_string(),
    },
];

const RETAIN: [(&str, Retain); 3] =
    [("limits", Retain::Limits), ("acked", Retain::Acked), ("interest", Retain::Interest)];

/// Settings of one policy, at most.
pub const MOST: usize = 128;
/// Bytes of a name or a value, at most.
pub const LONGEST: usize = 1024;

fn word<T: Copy>(text: &str, words: &[(&str, T)]) -> Option<T> {
    words.iter().find(|(word, _)| word.eq_ignore_ascii_case(text)).map(|(_, value)| *value)
}

fn number(text: &str) -> Option<usize> {
    Some(text).filter(|text| text.bytes().all(|c| c.is_ascii_digit()))?.parse().ok()
}

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

impl std::fmt::Debug for Setting {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

impl PartialEq for Setting {
    fn eq(&self, other: &Setting) -> bool {
        self.name == other.name
    }
}

impl Eq for Setting {}

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
