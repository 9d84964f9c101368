//! Hash slots: the part of a cluster that a key belongs to, and whether a call stays within one.
//!
//! A slot is a checksum of the name, or of what stands between the first `{` and the `}` behind it. One rule serves every
//! verb: the keys are those that its [`Spec`] tells of. Must never know: who owns a slot.

use super::args::Args;
use super::spec::Spec;

/// How many there are.
pub const SLOTS: u16 = 16_384;

/// The keys of a call are in several slots.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Crossed;

/// CRC-16/XMODEM of each byte.
const TABLE: [u16; 256] = {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let (mut crc, mut bit) = ((byte as u16) << 8, 0);
        while bit < 8 {
            crc = if crc & 0x8000 == 0 { crc << 1 } else { crc << 1 ^ 0x1021 };
            bit += 1;
        }
        table[byte] = crc;
        byte += 1;
    }
    table
};

fn checksum(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0, |crc, byte| crc << 8 ^ TABLE[usize::from((crc >> 8) as u8 ^ byte)])
}

/// Where the part of a name stands that counts, if that is not all of it.
fn tag(name: &[u8]) -> Option<(usize, &[u8])> {
    let open = memchr::memchr(b'{', name)?;
    let inside = &name[open + 1..];
    let close = memchr::memchr(b'}', inside).filter(|close| *close > 0)?;
    Some((open, &inside[..close]))
}

/// The slot of a key.
pub fn of(name: &[u8]) -> u16 {
    checksum(tag(name).map_or(name, |(_, tag)| tag)) % SLOTS
}

/// The slot of all keys that a pattern of SORT can mean, if it is one.
pub fn of_pattern(pattern: &[u8]) -> Option<u16> {
    let varies = |part: &[u8]| part.contains(&b'*');
    let settled = match tag(pattern) {
        Some((open, tag)) => !varies(&pattern[..open]) && !varies(tag),
        None => !varies(pattern),
    };
    settled.then(|| of(pattern))
}

/// The slot of all keys and channels of a call, if it has any; fails if it is not one.
pub fn of_call(spec: &Spec, args: Args<'_>) -> Result<Option<u16>, Crossed> {
    let (mut slot, mut crossed) = (None, false);
    let visited = spec.keys.each(args, |at| {
        let other = of(args.at(at));
        crossed |= *slot.get_or_insert(other) != other;
    });
    match visited {
        // It contradicts itself, and is refused when it runs.
        Err(_) => Ok(None),
        Ok(()) if crossed => Err(Crossed),
        Ok(()) => Ok(slot),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::args::OwnedArgs;
    use crate::command::table;

    #[test]
    fn slots_of_names() {
        // Recorded from the reference.
        for (name, slot) in [
            ("", 0),
            ("123456789", 12739),
            ("a", 15495),
            ("foo", 12182),
            ("{a}b", 15495),
            ("x{a}{b}", 15495),
            ("{}b", 6680),
            ("b{", 8884),
        ] {
            assert_eq!(of(name.as_bytes()), slot, "{name}");
        }
    }

    #[test]
    fn slots_of_patterns() {
        let x = Some(of(b"x"));
        for (pattern, slot) in [
            ("{x}w_*", x),
            ("{x}w_*->f", x),
            ("{x}*{x}", x),
            ("a->{x}*", x),
            ("x", x),
            ("w_*", None),
            ("*{x}", None),
            ("{x*", None),
            ("{*}", None),
            ("{}x*", None),
            ("{}*{x}", None),
        ] {
            assert_eq!(of_pattern(pattern.as_bytes()), slot, "{pattern}");
        }
    }

    fn of_line(line: &str) -> Result<Option<u16>, Crossed> {
        let call = OwnedArgs::collect(line.split(' '));
        let spec = table::mentioned(call.as_args()).unwrap();
        of_call(spec, call.as_args())
    }

    #[test]
    fn slots_of_calls() {
        let (a, x) = (of(b"a"), of(b"x"));
        for line in
            ["GET a", "MSET {a}1 v {a}2 v", "XREAD COUNT 1 STREAMS {a}1 a 0 0", "EVAL s 2 a {a}b c", "SPUBLISH a m"]
        {
            assert_eq!(of_line(line), Ok(Some(a)), "{line}");
        }
        for line in
            ["PING", "EVAL s 0 a b", "EVAL s x a b", "XREAD STREAMS a b 0", "ZUNIONSTORE a 9 b c", "PUBLISH a m"]
        {
            assert_eq!(of_line(line), Ok(None), "{line}");
        }
        for line in ["MGET a b", "MSET a 1 b", "SORT a STORE b", "LMPOP 3 a b LEFT", "SSUBSCRIBE a b", "WATCH a b"] {
            assert_eq!(of_line(line), Err(Crossed), "{line}");
        }
        assert_eq!(of_line("SORT {x}a BY b_* GET c_* STORE {x}b"), Ok(Some(x)));
    }
}
