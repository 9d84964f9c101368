//! XNACK: entries are given back. They stay pending but belong to nobody, and whoever claims next may have them.
//!
//! Released entries are handed out in the order in which they were released. SILENT takes the delivery back from their
//! count, FAIL leaves the count, FATAL makes it the largest number there is; RETRYCOUNT sets it.

use super::{group, id};
use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::{self, Refusal};
use crate::command::number;
use crate::command::spec::{Group, Keys, Kind, Spec};
use crate::reply::Reply;
use brooklet_storage::StreamId;
use brooklet_storage::batch::Effect;
use brooklet_storage::stream::pending::NOBODY;

/// XNACK.
pub static SPEC: Spec = Spec {
    name: "xnack",
    summary: "Gives pending entries back, so that they can be claimed at once.",
    since: "8.8.0",
    group: Group::Stream,
    complexity: "O(log(P)) for each id, P the pending entries",
    arity: -7,
    flags: &[],
    keys: Keys::ONE,
    syntax: "key group <SILENT | FAIL | FATAL> IDS numids id [id ...] [RETRYCOUNT count] [FORCE]",
    kind: Kind::Write(run),
    subcommands: &[],
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    Silent,
    Fail,
    Fatal,
}

impl Mode {
    fn parse(word: &[u8]) -> Result<Mode, Refusal> {
        match () {
            () if word.eq_ignore_ascii_case(b"SILENT") => Ok(Mode::Silent),
            () if word.eq_ignore_ascii_case(b"FAIL") => Ok(Mode::Fail),
            () if word.eq_ignore_ascii_case(b"FATAL") => Ok(Mode::Fatal),
            () => Err(error::stream::XNACK_MODE),
        }
    }

    /// The count of an entry that had `deliveries`.
    fn deliveries(self, deliveries: i64) -> i64 {
        match self {
            Mode::Silent => deliveries.saturating_sub(1).max(0),
            Mode::Fail => deliveries,
            Mode::Fatal => i64::MAX,
        }
    }
}

#[derive(Debug, PartialEq, Eq)]
struct Release {
    mode: Mode,
    ids: Vec<StreamId>,
    deliveries: Option<i64>,
    force: bool,
}

fn parse(args: Args<'_>) -> Result<Release, Refusal> {
    let mode = Mode::parse(args.at(3))?;
    if !args.at(4).eq_ignore_ascii_case(b"IDS") {
        return Err(error::stream::XNACK_NO_IDS);
    }
    let numids = number::integer(args.at(5)).and_then(|n| usize::try_from(n).ok()).filter(|n| *n > 0);
    let numids = numids.ok_or(error::stream::XNACK_NUMIDS)?;
    let rest = args.from(6);
    if rest.len() < numids {
        return Err(error::stream::XNACK_NUMIDS_MISMATCH);
    }
    let ids = rest.iter().take(numids).map(|text| id::strict(text, 0)).collect::<Result<_, _>>()?;
    let mut release = Release { mode, ids, deliveries: None, force: false };
    let mut i = numids;
    while let Some(word) = rest.get(i) {
        if word.eq_ignore_ascii_case(b"FORCE") {
            release.force = true;
            i += 1;
        } else if let (true, Some(text)) = (word.eq_ignore_ascii_case(b"RETRYCOUNT"), rest.get(i + 1)) {
            let count = number::integer(text).filter(|n| *n >= 0);
            release.deliveries = Some(count.ok_or(error::stream::XNACK_RETRYCOUNT)?);
            i += 2;
        } else {
            return Err(error::stream::unrecognized_option("XNACK", word));
        }
    }
    Ok(release)
}

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    let release = parse(args)?;
    let at = group::require(ctx, args.at(1), args.at(2))?;
    // Only by force, and only what is in the stream, becomes pending here.
    let live = match release.force {
        true => ctx.warm(at.key, ctx.stream(at.key).log.contain(release.ids.iter().copied()))?,
        false => vec![false; release.ids.len()],
    };
    let mut released = 0;
    for (&id, live) in release.ids.iter().zip(live) {
        let before = match at.of(ctx).pending.get(id) {
            Some(pending) => pending.deliveries,
            None if live => 0,
            None => continue,
        };
        let deliveries = release.deliveries.unwrap_or_else(|| release.mode.deliveries(before));
        let freed = Effect::Pend { group: at.group, id, consumer: NOBODY, delivered_ms: 0, deliveries };
        ctx.store().change(at.key, &freed);
        released += 1;
    }
    if released > 0 {
        at.wake_claimers(ctx);
    }
    Ok(Reply::count(released))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::args::OwnedArgs;

    fn line(line: &str) -> Result<Release, String> {
        match parse(OwnedArgs::collect(line.split(' ')).as_args()) {
            Ok(release) => Ok(release),
            Err(Refusal::Wire(line)) => Err(line.into_owned()),
            Err(other) => Err(format!("{other:?}")),
        }
    }

    #[test]
    fn options_follow_the_ids() {
        let release = line("XNACK s g fatal IDS 2 1-1 2 FORCE RETRYCOUNT 3").unwrap();
        assert_eq!(release.ids, [StreamId::new(1, 1), StreamId::new(2, 0)]);
        assert_eq!((release.mode, release.deliveries, release.force), (Mode::Fatal, Some(3), true));
        assert_eq!(line("XNACK s g FAIL IDS 1 1-1 1-2"), Err("ERR Unrecognized XNACK option '1-2'".into()));
        assert_eq!(
            line("XNACK s g FAIL IDS 1 x"),
            Err("ERR Invalid stream ID specified as stream command argument".into())
        );
    }

    #[test]
    fn counts_stay_in_range() {
        assert_eq!(Mode::Silent.deliveries(0), 0);
        assert_eq!(Mode::Silent.deliveries(5), 4);
        assert_eq!(Mode::Fatal.deliveries(1), i64::MAX);
    }
}
