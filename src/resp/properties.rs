//! Properties of the wire: the decoder against `redis-protocol` and against itself under other splits, the encoder
//! against `redis-protocol`.

use super::{Decoder, Limits, Protocol, ProtocolError, encode};
use crate::reply::{EntryReply, Reply};
use brooklet_storage::stream::fields::pack;
use brooklet_storage::{Fields, StreamId};
use bytes::Bytes;
use proptest::collection::vec;
use proptest::prelude::*;
use redis_protocol::{resp2, resp3};

type Command = Vec<Vec<u8>>;

/// Delivers `bytes` in pieces of the given lengths (over and over) and collects what comes out.
fn deliver(bytes: &[u8], pieces: &[usize], most: usize, limits: Limits) -> (Vec<Command>, Option<ProtocolError>) {
    let mut decoder = Decoder::new(limits);
    let (mut commands, mut error) = (Vec::new(), None);
    let mut pieces = pieces.iter().cycle();
    let mut rest = bytes;
    while !rest.is_empty() {
        let piece = pieces.next().map_or(rest.len(), |&n| n.clamp(1, rest.len()));
        decoder.buffer_mut().extend_from_slice(&rest[..piece]);
        rest = &rest[piece..];
        while let Some(burst) = decoder.decode(most) {
            assert!(burst.len() <= most && error.is_none());
            commands.extend(burst.iter().map(|args| args.iter().map(<[u8]>::to_vec).collect::<Command>()));
            error = burst.error;
            decoder.recycle(burst);
        }
        if piece.is_multiple_of(2) {
            decoder.release();
        }
    }
    (commands, error)
}

fn request(command: &[Vec<u8>]) -> Vec<u8> {
    let mut out = format!("*{}\r\n", command.len()).into_bytes();
    for arg in command {
        out.extend_from_slice(format!("${}\r\n", arg.len()).as_bytes());
        out.extend_from_slice(arg);
        out.extend_from_slice(b"\r\n");
    }
    out
}

/// What the reference crate reads from the same bytes.
fn reference(bytes: &[u8]) -> Vec<Command> {
    let (mut rest, mut commands) = (bytes, Vec::new());
    while let Some((frame, used)) = resp2::decode::decode(rest).unwrap() {
        let resp2::types::OwnedFrame::Array(items) = frame else { panic!("not an array") };
        commands.push(
            items
                .into_iter()
                .map(|item| match item {
                    resp2::types::OwnedFrame::BulkString(bytes) => bytes,
                    other => panic!("not a bulk: {other:?}"),
                })
                .collect(),
        );
        rest = &rest[used..];
    }
    assert!(rest.is_empty());
    commands
}

/// Bytes that look enough like requests to get far into the decoder.
fn nearly_requests() -> impl Strategy<Value = Vec<u8>> {
    let fragments: &[&[u8]] = &[
        b"*1\r\n",
        b"*2\r\n",
        b"*3\r\n",
        b"*11\r\n",
        b"*0\r\n",
        b"*-1\r\n",
        b"$0\r\n\r\n",
        b"$1\r\na\r\n",
        b"$4\r\nPING\r\n",
        b"$9\r\n",
        b"$01\r\n",
        b"$-1\r\n",
        b"PING\r\n",
        b"\"a b\" ",
        b"'x'",
        b"\"\\x41\\n",
        b"\"",
        b"'",
        b"\\",
        b" ",
        b"\r",
        b"\n",
        b"\r\n",
        b"$",
        b"*",
        b"0",
        b"1",
        b"12345678901",
        b"aaaaaaaaaaaaaaaaaaaa",
        b"\0",
        b"\xff",
    ];
    let fragment = prop_oneof![
        9 => prop::sample::select(fragments).prop_map(<[u8]>::to_vec),
        1 => vec(any::<u8>(), 0..8),
    ];
    vec(fragment, 0..24).prop_map(|parts| parts.concat())
}

fn some_limits() -> impl Strategy<Value = Limits> {
    let small = Limits { max_bulk: 8, max_args: 3, max_request: 40, inline_max: 24, authenticated: true };
    prop::sample::select(vec![Limits::default(), Limits::default().trusted(), small])
}

fn scalar() -> impl Strategy<Value = Reply> {
    prop_oneof![
        ".{0,8}".prop_map(|s| Reply::Status(s.into())),
        "[ -~\r\n]{0,12}".prop_map(|s| Reply::Error(s.into())),
        any::<i64>().prop_map(Reply::Integer),
        vec(any::<u8>(), 0..16).prop_map(Reply::bulk),
        any::<(u64, u64)>().prop_map(|(ms, seq)| Reply::Id(StreamId::new(ms, seq))),
        any::<f64>().prop_map(Reply::Double),
        any::<bool>().prop_map(Reply::Boolean),
        "[ -~\n]{0,8}".prop_map(|s| Reply::Verbatim("txt".into(), Bytes::from(s.into_bytes()))),
    ]
}

fn entry() -> impl Strategy<Value = Reply> {
    let fields = prop::option::of(vec(vec(any::<u8>(), 0..8), 0..6));
    (any::<(u64, u64)>(), fields, prop::option::of(any::<(i64, i64)>())).prop_map(|((ms, seq), fields, redelivery)| {
        let fields = fields.map(|items| {
            let mut packed = Vec::new();
            pack(&mut packed, items.iter().map(Vec::as_slice));
            Fields::from_packed(packed.into())
        });
        Reply::Entry(Box::new(EntryReply { id: StreamId::new(ms, seq), fields, redelivery }))
    })
}

/// Any reply. Keys of maps and members of sets are scalars, since the reference crate cannot hash anything else.
fn reply() -> impl Strategy<Value = Reply> {
    let leaf = prop_oneof![6 => scalar(), 2 => entry(), 1 => Just(Reply::Null), 1 => Just(Reply::NullArray)];
    leaf.prop_recursive(4, 48, 6, |inner| {
        let pairs = vec((scalar(), inner.clone()), 0..5).boxed();
        prop_oneof![
            vec(inner.clone(), 0..6).prop_map(Reply::Array),
            pairs.clone().prop_map(Reply::Map),
            pairs.clone().prop_map(Reply::Pairs),
            pairs.prop_map(Reply::Tuples),
            vec(scalar(), 0..5).prop_map(Reply::Set),
        ]
    })
}

fn encoded(reply: &Reply, protocol: Protocol) -> Vec<u8> {
    let mut out = Vec::new();
    encode(reply, protocol, &mut out);
    out
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1024, ..ProptestConfig::default() })]

    #[test]
    fn requests_decode_as_redis_protocol_decodes_them(
        commands in vec(vec(vec(any::<u8>(), 0..40), 1..6), 0..12),
        pieces in vec(1usize..60, 0..8),
        most in 1usize..20,
    ) {
        let bytes = commands.iter().flat_map(|command| request(command)).collect::<Vec<u8>>();
        let (decoded, error) = deliver(&bytes, &pieces, most, Limits::default().trusted());
        prop_assert_eq!(error, None);
        prop_assert_eq!(&decoded, &reference(&bytes));
        prop_assert_eq!(decoded, commands);
    }

    #[test]
    fn what_comes_out_does_not_depend_on_the_splits(
        bytes in prop_oneof![4 => nearly_requests(), 1 => vec(any::<u8>(), 0..80)],
        pieces in vec(1usize..12, 1..8),
        most in 1usize..5,
        limits in some_limits(),
    ) {
        let whole = deliver(&bytes, &[], usize::MAX, limits);
        prop_assert_eq!(&whole, &deliver(&bytes, &pieces, most, limits));
        prop_assert_eq!(&whole, &deliver(&bytes, &[1], 1, limits));
        prop_assert!(whole.0.iter().all(|command| !command.is_empty()));
    }

    #[test]
    fn lines_hold_no_line_breaks(text in "[a-c\r\n]{0,12}|.{0,12}") {
        for reply in [Reply::Status(text.clone().into()), Reply::Error(text.into())] {
            for protocol in [Protocol::Resp2, Protocol::Resp3] {
                let line = encoded(&reply, protocol);
                let inner = line.strip_suffix(b"\r\n").unwrap();
                prop_assert!(!inner.iter().any(|b| matches!(b, b'\r' | b'\n')));
            }
        }
    }

    #[test]
    fn replies_parse_with_redis_protocol(reply in reply(), pushed in any::<bool>()) {
        let reply = match reply {
            Reply::Array(items) if pushed => Reply::Push(items),
            other => other,
        };
        let bytes = encoded(&reply, Protocol::Resp2);
        let (_, used) = resp2::decode::decode(&bytes).unwrap().unwrap();
        prop_assert_eq!(used, bytes.len());
        let bytes = encoded(&reply, Protocol::Resp3);
        let (_, used) = resp3::decode::complete::decode(&bytes).unwrap().unwrap();
        prop_assert_eq!(used, bytes.len());
    }
}
