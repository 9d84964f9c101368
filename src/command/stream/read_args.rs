//! The arguments of XREAD and XREADGROUP: options in any order up to STREAMS, then as many keys as ids.
//!
//! Ids are not read here: the reference looks at each key before it looks at that key's id.

use super::read_limits::Limits;
use crate::command::args::Args;
use crate::command::error::{self, Refusal};
use crate::command::number;

/// Which of the two verbs is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    /// XREAD.
    Read,
    /// XREADGROUP.
    ReadGroup,
}

/// A call of XREAD or XREADGROUP.
#[derive(Clone, Copy, Debug)]
pub struct ReadArgs<'a> {
    /// Name of the group and of the consumer.
    pub group: Option<(&'a [u8], &'a [u8])>,
    /// COUNT, MAXCOUNT, MAXSIZE.
    pub limits: Limits,
    /// How long to wait in milliseconds, if at all; 0 = for ever.
    pub block_ms: Option<u64>,
    /// Entries idle for so long are claimed.
    pub claim_ms: Option<i64>,
    /// What is delivered does not become pending.
    pub noack: bool,
    /// Index of the first key.
    pub keys_at: usize,
    streams: Args<'a>,
}

impl<'a> ReadArgs<'a> {
    /// Reads a call; `now_ms` is the time that a timeout is counted from.
    pub fn parse(args: Args<'a>, verb: Verb, now_ms: i64) -> Result<ReadArgs<'a>, Refusal> {
        let mut read = ReadArgs {
            group: None,
            limits: Limits::default(),
            block_ms: None,
            claim_ms: None,
            noack: false,
            keys_at: 0,
            streams: args.from(args.len()),
        };
        let mut i = 1;
        while read.keys_at == 0 {
            let rest = args.from(i);
            if rest.at(0).eq_ignore_ascii_case(b"STREAMS") && rest.len() > 1 {
                (read.keys_at, read.streams) = (i + 1, args.from(i + 1));
            } else {
                i += read.option(rest, verb, now_ms)?;
            }
        }
        read.checked(verb)
    }

    /// Reads one option at the front of `rest`; how many arguments it took.
    fn option(&mut self, rest: Args<'a>, verb: Verb, now_ms: i64) -> Result<usize, Refusal> {
        let is = |word: &str| rest.at(0).eq_ignore_ascii_case(word.as_bytes());
        let value = rest.get(1);
        match value {
            _ if is("NOACK") => {
                verb.check("NOACK")?;
                self.noack = true;
                return Ok(1);
            }
            Some(group) if is("GROUP") && rest.len() > 2 => {
                verb.check("GROUP")?;
                self.group = Some((group, rest.at(2)));
                return Ok(3);
            }
            Some(text) if is("BLOCK") => self.block_ms = Some(timeout(text, now_ms)?),
            Some(text) if is("COUNT") => self.limits.count = bound(number::arg(text)?),
            Some(text) if is("MAXCOUNT") => {
                self.limits.max_count = positive(text, error::stream::MAXCOUNT_NOT_POSITIVE)?;
            }
            Some(text) if is("MAXSIZE") => {
                self.limits.max_bytes = positive(text, error::stream::MAXSIZE_NOT_POSITIVE)?;
            }
            Some(text) if is("CLAIM") => {
                verb.check("CLAIM")?;
                self.claim_ms = Some(min_idle(text)?);
            }
            _ => return Err(error::SYNTAX),
        }
        Ok(2)
    }

    fn checked(self, verb: Verb) -> Result<ReadArgs<'a>, Refusal> {
        if self.streams.len() % 2 == 1 {
            return Err(match verb {
                Verb::Read => error::stream::UNBALANCED_XREAD,
                Verb::ReadGroup => error::stream::UNBALANCED_XREADGROUP,
            });
        }
        if verb == Verb::ReadGroup && self.group.is_none() {
            return Err(error::stream::MISSING_GROUP);
        }
        let Limits { count, max_count, .. } = self.limits;
        if count != usize::MAX && max_count < count {
            return Err(error::stream::MAXCOUNT_BELOW_COUNT);
        }
        Ok(self)
    }

    /// Number of streams.
    pub fn len(&self) -> usize {
        self.streams.len() / 2
    }

    /// Each key with its id as it was typed.
    pub fn streams(&self) -> impl ExactSizeIterator<Item = (&'a [u8], &'a [u8])> + use<'a> {
        let (streams, half) = (self.streams, self.streams.len() / 2);
        (0..half).map(move |i| (streams.at(i), streams.at(half + i)))
    }

    /// The keys, as a wait keeps them.
    pub fn keys(&self) -> Vec<Box<[u8]>> {
        self.streams().map(|(key, _)| key.into()).collect()
    }
}

impl Verb {
    fn check(self, option: &str) -> Result<(), Refusal> {
        if self == Verb::ReadGroup { Ok(()) } else { Err(error::stream::only_xreadgroup(option)) }
    }
}

/// Zero and less mean no bound.
fn bound(n: i64) -> usize {
    usize::try_from(n).ok().filter(|n| *n > 0).unwrap_or(usize::MAX)
}

fn positive(text: &[u8], refusal: Refusal) -> Result<usize, Refusal> {
    let n = number::integer(text).and_then(|n| usize::try_from(n).ok());
    n.filter(|n| *n > 0).ok_or(refusal)
}

fn min_idle(text: &[u8]) -> Result<i64, Refusal> {
    let ms = number::integer_or(text, error::stream::CLAIM_NOT_INTEGER)?;
    if ms < 0 { Err(error::stream::CLAIM_NEGATIVE) } else { Ok(ms) }
}

fn timeout(text: &[u8], now_ms: i64) -> Result<u64, Refusal> {
    let ms = number::integer_or(text, error::TIMEOUT_NOT_INTEGER)?;
    let wait = u64::try_from(ms).map_err(|_| error::TIMEOUT_NEGATIVE)?;
    now_ms.checked_add(ms).map(|_| wait).ok_or(error::TIMEOUT_OUT_OF_RANGE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::args::OwnedArgs;

    fn line(line: &str, verb: Verb) -> String {
        let call = OwnedArgs::collect(line.split(' '));
        match ReadArgs::parse(call.as_args(), verb, 1000) {
            Ok(read) => format!(
                "{} {:?} {:?} {}",
                read.len(),
                read.block_ms,
                read.claim_ms,
                if read.limits.count == usize::MAX { -1 } else { read.limits.count as i64 }
            ),
            Err(Refusal::Wire(line)) => line.split(' ').take(4).collect::<Vec<_>>().join(" "),
            Err(other) => format!("{other:?}"),
        }
    }

    #[test]
    fn options_come_in_any_order_before_streams() {
        assert_eq!(line("XREAD STREAMS s 0", Verb::Read), "1 None None -1");
        assert_eq!(line("XREAD block 5 COUNT 3 STREAMS s t 0 0", Verb::Read), "2 Some(5) None 3");
        assert_eq!(line("X COUNT -1 NOACK CLAIM 7 GROUP g c STREAMS s >", Verb::ReadGroup), "1 None Some(7) -1");
        assert_eq!(line("XREAD STREAMS STREAMS 0", Verb::Read), "1 None None -1");
    }

    #[test]
    fn refusals_are_the_references() {
        assert_eq!(line("XREAD COUNT 1 STREAMS", Verb::Read), "ERR syntax error");
        assert_eq!(line("XREAD NOACK STREAMS s 0", Verb::Read), "ERR The NOACK option");
        assert_eq!(line("X COUNT 1 STREAMS s >", Verb::ReadGroup), "ERR Missing GROUP option");
        assert_eq!(line("X STREAMS s t >", Verb::ReadGroup), "ERR Unbalanced 'xreadgroup' list");
        assert_eq!(line("XREAD BLOCK 9223372036854775807 STREAMS s 0", Verb::Read), "ERR timeout is out");
        assert_eq!(line("XREAD COUNT 5 MAXCOUNT 4 STREAMS s 0", Verb::Read), "ERR MAXCOUNT must be");
    }
}
