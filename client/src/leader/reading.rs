//! XREADGROUP: the call, and what comes back. No connections.

use super::message::Fields;
use crate::error::{Error, Result};
use crate::lease::millis;
use redis::{Cmd, Value};
use std::time::Duration;

/// An entry of a stream.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) topic: String,
    pub(super) id: String,
    /// None if it was deleted after it had been given out.
    pub(super) fields: Option<Fields>,
}

/// The call that reads each topic after its id.
pub(super) fn command(
    group: &str,
    consumer: &str,
    batch: usize,
    wait: Option<Duration>,
    topics: &[&str],
    after: &[String],
) -> Cmd {
    let mut command = redis::cmd("XREADGROUP");
    command.arg("GROUP").arg(group).arg(consumer).arg("COUNT").arg(batch.max(1));
    if let Some(wait) = wait {
        command.arg("BLOCK").arg(millis(wait));
    }
    command.arg("STREAMS").arg(topics).arg(after);
    command
}

/// The entries in an answer, topic after topic.
pub(super) fn entries(answer: Value) -> Result<Vec<Entry>> {
    let streams: Vec<(Value, Value)> = match answer {
        Value::Nil => Vec::new(),
        Value::Map(streams) => streams,
        Value::Array(streams) => streams.into_iter().map(pair).collect::<Result<_>>()?,
        other => return Err(Error::reply(&other)),
    };
    let mut all = Vec::new();
    for (topic, list) in streams {
        let topic = text(topic)?;
        let Value::Array(list) = list else { return Err(Error::reply(&list)) };
        for entry in list {
            let (id, fields) = pair(entry)?;
            all.push(Entry { topic: topic.clone(), id: text(id)?, fields: pairs(fields)? });
        }
    }
    Ok(all)
}

fn pair(value: Value) -> Result<(Value, Value)> {
    match value {
        Value::Array(items) => {
            <[Value; 2]>::try_from(items).map(|[a, b]| (a, b)).map_err(|items| Error::reply(&Value::Array(items)))
        }
        other => Err(Error::reply(&other)),
    }
}

fn pairs(value: Value) -> Result<Option<Fields>> {
    match value {
        Value::Nil => Ok(None),
        Value::Array(flat) => {
            let words: Vec<Vec<u8>> = flat.into_iter().map(bytes).collect::<Result<_>>()?;
            Ok(Some(words.chunks_exact(2).map(|pair| (pair[0].clone(), pair[1].clone())).collect()))
        }
        other => Err(Error::reply(&other)),
    }
}

fn bytes(value: Value) -> Result<Vec<u8>> {
    match value {
        Value::BulkString(bytes) => Ok(bytes),
        other => Err(Error::reply(&other)),
    }
}

fn text(value: Value) -> Result<String> {
    String::from_utf8(bytes(value)?).map_err(|wrong| Error::Reply(wrong.to_string().into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: &[u8] = b"*2\r\n*2\r\n$3\r\n1-0\r\n*2\r\n$1\r\nf\r\n$1\r\nv\r\n*2\r\n$3\r\n2-0\r\n*-1\r\n";

    #[test]
    fn entries_read_the_same_in_both_protocols() {
        let resp2 = [b"*1\r\n*2\r\n$1\r\nt\r\n".as_slice(), LIST].concat();
        let resp3 = [b"%1\r\n$1\r\nt\r\n".as_slice(), LIST].concat();
        for line in [resp2, resp3] {
            let read = entries(redis::parse_redis_value(&line).unwrap()).unwrap();
            assert_eq!(read[0].fields, Some(vec![(b"f".to_vec(), b"v".to_vec())]));
            assert_eq!((read[1].topic.as_str(), read[1].id.as_str(), &read[1].fields), ("t", "2-0", &None));
        }
        assert!(entries(Value::Nil).unwrap().is_empty());
        assert!(entries(Value::Int(3)).is_err());
    }
}
