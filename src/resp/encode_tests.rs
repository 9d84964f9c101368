//! Cases of the encoder: every shape in both protocols.

use super::*;
use brooklet_storage::stream::fields::pack;
use bytes::Bytes;

fn writes(reply: Reply, resp2: &str, resp3: &str) {
    for (protocol, expected) in [(Protocol::Resp2, resp2), (Protocol::Resp3, resp3)] {
        let mut out = b"before".to_vec();
        encode(&reply, protocol, &mut out);
        let text = String::from_utf8(out).unwrap().replace("\r\n", "|");
        assert_eq!(text.strip_prefix("before"), Some(expected), "{reply:?} in {protocol:?}");
    }
}

fn same(reply: Reply, expected: &str) {
    writes(reply, expected, expected);
}

fn fields(items: &[&str]) -> Fields {
    let mut packed = Vec::new();
    pack(&mut packed, items.iter().map(|item| item.as_bytes()));
    Fields::from_packed(packed.into())
}

fn entry(fields: Option<Fields>, redelivery: Option<(i64, i64)>) -> Reply {
    Reply::Entry(Box::new(EntryReply { id: StreamId::new(5, 1), fields, redelivery }))
}

#[test]
fn lines_numbers_and_strings() {
    same(Reply::OK, "+OK|");
    same(Reply::Error("ERR no such key".into()), "-ERR no such key|");
    same(Reply::Integer(i64::MIN), ":-9223372036854775808|");
    same(Reply::bulk(""), "$0||");
    same(Reply::text("hello"), "$5|hello|");
    same(Reply::Id(StreamId::MAX), "$41|18446744073709551615-18446744073709551615|");
    writes(Reply::Double(1.5), "$3|1.5|", ",1.5|");
    writes(Reply::Double(f64::NEG_INFINITY), "$4|-inf|", ",-inf|");
    writes(Reply::Boolean(true), ":1|", "#t|");
    writes(Reply::Boolean(false), ":0|", "#f|");
    writes(Reply::Verbatim("txt".into(), Bytes::from_static(b"a\nb")), "$3|a\nb|", "=7|txt:a\nb|");
}

#[test]
fn nulls() {
    writes(Reply::Null, "$-1|", "_|");
    writes(Reply::NullArray, "*-1|", "_|");
    writes(Reply::Array(vec![Reply::Null, Reply::Other(Box::new(Reply::Null))]), "*2|$-1|_|", "*2|_|$-1|");
}

#[test]
fn collections() {
    let one = || Reply::Integer(1);
    let pair = || vec![(Reply::text("a"), Reply::Array(vec![one(), Reply::Null]))];
    writes(Reply::Array(vec![]), "*0|", "*0|");
    writes(Reply::Array(vec![one(), Reply::Set(vec![one()])]), "*2|:1|*1|:1|", "*2|:1|~1|:1|");
    writes(Reply::Push(vec![Reply::text("m"), one()]), "*2|$1|m|:1|", ">2|$1|m|:1|");
    writes(Reply::Map(pair()), "*2|$1|a|*2|:1|$-1|", "%1|$1|a|*2|:1|_|");
    writes(Reply::Pairs(pair()), "*1|*2|$1|a|*2|:1|$-1|", "%1|$1|a|*2|:1|_|");
}

#[test]
fn entries() {
    let two = || Some(fields(&["f", "v", "g", ""]));
    same(entry(two(), None), "*2|$3|5-1|*4|$1|f|$1|v|$1|g|$0||");
    same(entry(Some(fields(&[])), None), "*2|$3|5-1|*0|");
    same(entry(two(), Some((7, 2))), "*4|$3|5-1|*4|$1|f|$1|v|$1|g|$0||:7|:2|");
    writes(entry(None, None), "*2|$3|5-1|*-1|", "*2|$3|5-1|_|");
    writes(entry(None, Some((0, 0))), "*4|$3|5-1|*-1|:0|:0|", "*4|$3|5-1|_|:0|:0|");
}

#[test]
fn damaged_fields_keep_the_framing() {
    let cut_off = Fields::from_packed(Bytes::from_static(b"\x09\x01f\x01v\x7f"));
    same(entry(Some(cut_off), None), "*2|$3|5-1|*2|$1|f|$1|v|");
}

#[test]
fn user_text_cannot_end_a_line() {
    same(Reply::Error("ERR bad 'a\r\n+OK\r\n'".into()), "-ERR bad 'a  +OK  '|");
    same(Reply::Status("a\nb\rc".into()), "+a b c|");
}

#[test]
fn protocol_errors_answer_the_byte_itself() {
    let line = |error: ProtocolError| {
        let mut out = Vec::new();
        encode_protocol_error(&error, &mut out);
        out
    };
    assert_eq!(line(ProtocolError::ExpectedBulk(b'x')), b"-ERR Protocol error: expected '$', got 'x'\r\n");
    assert_eq!(line(ProtocolError::ExpectedBulk(0xff)), b"-ERR Protocol error: expected '$', got '\xff'\r\n");
    assert_eq!(line(ProtocolError::ExpectedBulk(b'\r')), b"-ERR Protocol error: expected '$', got ' '\r\n");
    assert_eq!(line(ProtocolError::InlineTooLong), b"-ERR Protocol error: too big inline request\r\n");
}
