//! The words: what each kind of server is sent, and how its answers are read. No waiting, no connections.

use super::guard::Token;
use super::link::Terms;
use crate::error::{Error, Result};
use redis::{Cmd, Value};
use std::time::Duration;

/// Sets the deadline of a key that is ours: 1, or 0 if it is not.
const RENEW: &str =
    "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('PEXPIRE', KEYS[1], ARGV[2]) end return 0";
/// Deletes a key that is ours: 1, or 0 if it is not.
const RELEASE: &str = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0";

pub(crate) fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX).max(1)
}

/// What LEASE.ACQUIRE answered.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Acquired {
    pub(super) is_ours: bool,
    pub(super) token: u64,
}

pub(super) fn lease_acquire(terms: &Terms, wait: Option<Duration>) -> Cmd {
    let mut command = redis::cmd("LEASE.ACQUIRE");
    command.arg(&*terms.key).arg(&*terms.holder).arg(millis(terms.expiry));
    if let Some(wait) = wait {
        command.arg("WAIT").arg(millis(wait));
    }
    if let Some(grace) = terms.bind {
        command.arg("BIND").arg(millis(grace));
    }
    command
}

pub(super) fn read_acquired(answer: Value) -> Result<Acquired> {
    let mut acquired = Acquired::default();
    for (name, value) in pairs(answer)? {
        let number = match value {
            Value::Int(n) => u64::try_from(n).unwrap_or_default(),
            Value::Boolean(b) => u64::from(b),
            _ => continue,
        };
        match name.as_slice() {
            b"acquired" => acquired.is_ours = number == 1,
            b"token" => acquired.token = number,
            _ => {}
        }
    }
    Ok(acquired)
}

/// A map, or the flat array that RESP2 makes of it.
fn pairs(answer: Value) -> Result<Vec<(Vec<u8>, Value)>> {
    let name = |value: Value| match value {
        Value::BulkString(bytes) => bytes,
        Value::SimpleString(text) => text.into_bytes(),
        _ => Vec::new(),
    };
    match answer {
        Value::Map(pairs) => Ok(pairs.into_iter().map(|(key, value)| (name(key), value)).collect()),
        Value::Array(flat) => {
            let mut flat = flat.into_iter();
            let mut pairs = Vec::new();
            while let (Some(key), Some(value)) = (flat.next(), flat.next()) {
                pairs.push((name(key), value));
            }
            Ok(pairs)
        }
        other => Err(Error::reply(&other)),
    }
}

pub(super) fn lease_renew(terms: &Terms, token: Token) -> Cmd {
    let mut command = redis::cmd("LEASE.RENEW");
    command.arg(&*terms.key).arg(&*terms.holder).arg(token.get()).arg(millis(terms.expiry));
    command
}

pub(super) fn lease_release(terms: &Terms, token: Token) -> Cmd {
    let mut command = redis::cmd("LEASE.RELEASE");
    command.arg(&*terms.key).arg(&*terms.holder).arg(token.get());
    command
}

pub(super) fn set_if_absent(terms: &Terms) -> Cmd {
    let mut command = redis::cmd("SET");
    command.arg(&*terms.key).arg(&*terms.holder).arg("NX").arg("PX").arg(millis(terms.expiry));
    command
}

pub(super) fn renew_script(terms: &Terms) -> Cmd {
    let mut command = redis::cmd("EVAL");
    command.arg(RENEW).arg(1).arg(&*terms.key).arg(&*terms.holder).arg(millis(terms.expiry));
    command
}

pub(super) fn release_script(terms: &Terms) -> Cmd {
    let mut command = redis::cmd("EVAL");
    command.arg(RELEASE).arg(1).arg(&*terms.key).arg(&*terms.holder);
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_reads_the_same_in_both_protocols() {
        let flat = b"*10\r\n$8\r\nacquired\r\n:1\r\n$5\r\ntoken\r\n:42\r\n$6\r\nholder\r\n$2\r\nme\r\n$6\r\nttl-ms\r\n:9\r\n$9\r\nqueue-pos\r\n:0\r\n";
        let map = [b"%5".as_slice(), &flat[3..]].concat();
        for line in [flat.as_slice(), &map] {
            let read = read_acquired(redis::parse_redis_value(line).unwrap()).unwrap();
            assert_eq!(read, Acquired { is_ours: true, token: 42 });
        }
        assert!(read_acquired(Value::Int(1)).is_err());
    }

    #[test]
    fn no_duration_becomes_zero() {
        assert_eq!(millis(Duration::from_micros(1)), 1);
        assert_eq!(millis(Duration::from_secs(30)), 30_000);
    }
}
