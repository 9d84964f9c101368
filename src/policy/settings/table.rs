//! What a policy can say: one table. Adding a setting: a line in [`TABLE`], and a field of what it is about.

use crate::policy::Rules;
use crate::policy::backoff::Backoff;
use crate::policy::delivery::OnMax;
use crate::policy::duration;
use crate::policy::retention::Retain;

/// One thing that a policy can say.
pub struct Setting {
    /// Its name.
    pub name: &'static str,
    /// What can stand there.
    pub values: &'static str,
    /// What it does.
    pub summary: &'static str,
    /// Groups can differ in it.
    pub(super) of_groups: bool,
    pub(super) set: fn(&mut Rules, &str) -> Option<()>,
    pub(super) show: fn(&Rules) -> String,
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

fn word<T: Copy>(text: &str, words: &[(&str, T)]) -> Option<T> {
    words.iter().find(|(word, _)| word.eq_ignore_ascii_case(text)).map(|(_, value)| *value)
}

fn number(text: &str) -> Option<usize> {
    Some(text).filter(|text| text.bytes().all(|c| c.is_ascii_digit()))?.parse().ok()
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
