//! Cases of the decoder: framing, limits, texts, memory and work. Those with odd bytes were seen at a real server.

use super::*;

const TRUSTED: Limits = Limits {
    max_bulk: 512 << 20,
    max_args: i32::MAX as usize,
    max_request: 1 << 30,
    inline_max: 64 * 1024,
    authenticated: true,
};

fn owned(burst: &Burst) -> Vec<Vec<Vec<u8>>> {
    burst.iter().map(|args| args.iter().map(<[u8]>::to_vec).collect()).collect()
}

/// All commands of `bytes` in one read, and the error behind them.
fn decode_all(limits: Limits, bytes: &[u8]) -> (Vec<Vec<Vec<u8>>>, Option<ProtocolError>) {
    let mut decoder = Decoder::new(limits);
    decoder.buffer_mut().extend_from_slice(bytes);
    let (mut commands, mut error) = (Vec::new(), None);
    while let Some(burst) = decoder.decode(usize::MAX) {
        commands.extend(owned(&burst));
        error = burst.error;
    }
    (commands, error)
}

fn error_of(limits: Limits, bytes: &[u8]) -> Option<ProtocolError> {
    let (commands, error) = decode_all(limits, bytes);
    assert_eq!(commands, Vec::<Vec<Vec<u8>>>::new(), "{}", bytes.escape_ascii());
    error
}

fn finds(bytes: &[u8], commands: &[&[&[u8]]]) {
    assert_eq!(
        decode_all(TRUSTED, bytes),
        (commands.iter().map(|c| c.iter().map(|a| a.to_vec()).collect()).collect(), None)
    );
}

#[test]
fn commands_of_one_read_are_one_burst_without_copies() {
    let mut decoder = Decoder::new(TRUSTED);
    decoder.buffer_mut().extend_from_slice(b"*1\r\n$4\r\nPING\r\n*2\r\n$4\r\nECHO\r\n$0\r\n\r\n*1\r\n$4\r\nPI");
    let arrived = decoder.buffer_mut().as_ptr();
    let burst = decoder.decode(usize::MAX).unwrap();
    assert_eq!(burst.bytes.as_ptr(), arrived);
    assert_eq!((burst.len(), burst.is_empty(), burst.error), (2, false, None));
    assert_eq!(owned(&burst), [vec![b"PING".to_vec()], vec![b"ECHO".to_vec(), vec![]]]);
    assert_eq!(burst.ends, [1, 3]);
    assert!(burst.args(2).is_empty());
    assert!(decoder.decode(usize::MAX).is_none());
    assert_eq!(decoder.buffered(), b"*1\r\n$4\r\nPI".len());
    decoder.buffer_mut().extend_from_slice(b"NG\r\n");
    assert_eq!(owned(&decoder.decode(usize::MAX).unwrap()), [[b"PING"]]);
    assert_eq!(decoder.buffered(), 0);
}

#[test]
fn a_burst_may_end_inside_a_later_request() {
    let mut decoder = Decoder::new(TRUSTED);
    decoder.buffer_mut().extend_from_slice(b"PING\r\n*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$5\r\nab");
    assert_eq!(owned(&decoder.decode(9).unwrap()), [[b"PING"]]);
    decoder.buffer_mut().extend_from_slice(b"cde\r\n");
    assert_eq!(owned(&decoder.decode(9).unwrap()), [[b"SET".to_vec(), b"k".to_vec(), b"abcde".to_vec()]]);
}

#[test]
fn a_burst_has_at_most_so_many_commands() {
    let mut decoder = Decoder::new(TRUSTED);
    decoder.buffer_mut().extend_from_slice(b"A\r\nB\r\n\r\nC\r\n*x\r\n");
    assert_eq!(owned(&decoder.decode(2).unwrap()), [[b"A"], [b"B"]]);
    let last = decoder.decode(0).unwrap();
    assert_eq!((owned(&last), last.error), (vec![vec![b"C".to_vec()]], None));
    let error = decoder.decode(2).unwrap();
    assert_eq!((error.is_empty(), error.error), (true, Some(ProtocolError::InvalidMultibulkLength)));
    assert!(decoder.decode(2).is_none() && decoder.has_failed());
}

#[test]
fn empty_requests_are_passed_over() {
    finds(b"*0\r\n*-1\r\n*-5\r\n\r\n\n   \r\n*1\r\n$4\r\nPING\r\n*0\r\n", &[&[b"PING"]]);
    let mut decoder = Decoder::new(TRUSTED);
    for _ in 0..100_000 {
        decoder.buffer_mut().extend_from_slice(b"\r\n*0\r\n");
        assert!(decoder.decode(9).is_none());
    }
    assert_eq!(decoder.buffered(), 0);
    assert!(decoder.buffer_mut().capacity() <= 2 * READ_ROOM);
}

#[test]
fn inline_and_counted_commands_mix() {
    finds(
        b"PING\r\n*1\r\n$4\r\nPING\r\nECHO \"a\\x41\\n\" 'b c'\nPING\n",
        &[&[b"PING"], &[b"PING"], &[b"ECHO", b"aA\n", b"b c"], &[b"PING"]],
    );
    finds(b"\"\"\r\n", &[&[b""]]);
    finds(b"EC\0HO a\r\n", &[&[b"EC\0HO", b"a"]]);
}

#[test]
fn the_bytes_behind_a_carriage_return_and_a_bulk_are_not_looked_at() {
    finds(b"*1\rX$4\rYPINGZZ", &[&[b"PING"]]);
    finds(b"*1\r\n$4\r\n\r\n\r\n\r\n", &[&[b"\r\n\r\n"]]);
}

#[test]
fn commands_before_an_error_come_first() {
    let (commands, error) = decode_all(TRUSTED, b"PING\r\nECHO a\r\n*1\r\nx\r\nPING\r\n");
    assert_eq!((commands.len(), error), (2, Some(ProtocolError::ExpectedBulk(b'x'))));
}

#[test]
fn errors_have_the_texts_of_the_reference() {
    let cases: [(&[u8], &str); 22] = [
        (b"*01\r\n", "invalid multibulk length"),
        (b"*+1\r\n", "invalid multibulk length"),
        (b"*\r\n", "invalid multibulk length"),
        (b"*-0\r\n", "invalid multibulk length"),
        (b"*1 \r\n", "invalid multibulk length"),
        (b"*\n1\r\n", "invalid multibulk length"),
        (b"*2147483648\r\n", "invalid multibulk length"),
        (b"*99999999999999999999999\r\n", "invalid multibulk length"),
        (b"*-99999999999999999999999\r\n", "invalid multibulk length"),
        (b"*1\r\n$-1\r\n", "invalid bulk length"),
        (b"*1\r\n$04\r\nPING\r\n", "invalid bulk length"),
        (b"*1\r\n$\r\n", "invalid bulk length"),
        (b"*1\r\n$4\0\r\nPING\r\n", "invalid bulk length"),
        (b"*1\r\n$536870913\r\n", "invalid bulk length"),
        (b"*1\r\nxPING\r\n", "expected '$', got 'x'"),
        (b"*1\r\n*1\r\n", "expected '$', got '*'"),
        (b"*1\r\n4\r\n", "expected '$', got '4'"),
        (b"*1\r\n\r\n", "expected '$', got '\\r'"),
        (b"*1\r\n\xffabc\r\n", "expected '$', got '\\xff'"),
        (b"ECHO \"a\r\n", "unbalanced quotes in request"),
        (b"ECHO 'a'b\r\n", "unbalanced quotes in request"),
        (b"  '\n", "unbalanced quotes in request"),
    ];
    for (bytes, text) in cases {
        let error = error_of(TRUSTED, bytes).expect(text);
        assert_eq!(error.to_string(), format!("Protocol error: {text}"), "{}", bytes.escape_ascii());
    }
}

#[test]
fn what_is_not_complete_is_no_error_yet() {
    for bytes in [
        &b"*2147483647\r\n"[..],
        b"*1\r\n$536870912\r\n",
        b"*1\r\nx",
        b"*1\n$4\nPING\n",
        b"*1\r",
        b"'",
        b"*1\r\n$4\r\nPING\r",
    ] {
        assert_eq!(error_of(TRUSTED, bytes), None, "{}", bytes.escape_ascii());
    }
}

#[test]
fn lines_end_within_their_limit() {
    let max = TRUSTED.inline_max;
    let cases = [
        ("", ProtocolError::InlineTooLong),
        ("*", ProtocolError::MultibulkLineTooLong),
        ("*1\r\n$", ProtocolError::BulkLineTooLong),
    ];
    for (start, too_long) in cases {
        let line = |len: usize| {
            let marker = usize::from(!start.is_empty());
            format!("{start}{}", "1".repeat(len - marker))
        };
        assert_eq!(error_of(TRUSTED, line(max - 1).as_bytes()), None);
        assert_eq!(error_of(TRUSTED, line(max).as_bytes()), None);
        assert_eq!(error_of(TRUSTED, line(max + 1).as_bytes()), Some(too_long));
        assert_eq!(error_of(TRUSTED, format!("{}\r\n", line(max + 1)).as_bytes()), Some(too_long));
    }
    let longest = format!("{}\n", "a".repeat(max));
    assert_eq!(decode_all(TRUSTED, longest.as_bytes()).0.len(), 1);
}

#[test]
fn configured_limits_hold_at_their_edges() {
    let limits = Limits { max_bulk: 3, max_args: 2, max_request: 30, ..TRUSTED };
    assert_eq!(decode_all(limits, b"*2\r\n$3\r\nGET\r\n$3\r\nkey\r\n").0.len(), 1);
    assert_eq!(error_of(limits, b"*3\r\n"), Some(ProtocolError::InvalidMultibulkLength));
    assert_eq!(error_of(limits, b"*1\r\n$4\r\n"), Some(ProtocolError::InvalidBulkLength));
    let limits = Limits { max_request: 21, ..limits };
    assert_eq!(error_of(limits, b"*2\r\n$3\r\nGET\r\n$3\r\nkey\r\n"), Some(ProtocolError::RequestTooLarge));
    let unlimited = Limits { max_bulk: usize::MAX, max_args: usize::MAX, max_request: usize::MAX, ..TRUSTED };
    assert_eq!(error_of(unlimited, b"*1\r\n$9223372036854775807\r\n"), Some(ProtocolError::RequestTooLarge));
}

#[test]
fn little_is_allowed_before_authentication() {
    let limits = Limits::default();
    assert_eq!(error_of(limits, b"*10\r\n$4096\r\n"), None);
    assert_eq!(error_of(limits, b"*11\r\n"), Some(ProtocolError::UnauthenticatedMultibulkLength));
    assert_eq!(error_of(limits, b"*2147483648\r\n"), Some(ProtocolError::InvalidMultibulkLength));
    assert_eq!(error_of(limits, b"*1\r\n$4097\r\n"), Some(ProtocolError::UnauthenticatedBulkLength));
    assert_eq!(error_of(limits, b"*1\r\n$536870913\r\n"), Some(ProtocolError::InvalidBulkLength));
    let text = ProtocolError::UnauthenticatedMultibulkLength.to_string();
    assert_eq!(text, "Protocol error: unauthenticated multibulk length");
    let text = ProtocolError::UnauthenticatedBulkLength.to_string();
    assert_eq!(text, "Protocol error: unauthenticated bulk length");
}

#[test]
fn authentication_counts_for_the_next_command_of_the_same_read() {
    let mut decoder = Decoder::new(Limits::default());
    decoder.buffer_mut().extend_from_slice(b"AUTH secret\r\n*11\r\n");
    assert_eq!(decoder.decode(100).map(|b| (b.len(), b.error)), Some((1, None)));
    decoder.set_limits(decoder.limits().trusted());
    assert!(decoder.decode(100).is_none());
    assert!(!decoder.has_failed());
}

#[test]
fn announcements_allocate_nothing() {
    for announced in [&b"*1000000000\r\n"[..], b"*1000000000\r\n$536870912\r\n", b"*1\r\n$536870912\r\nabc"] {
        let mut decoder = Decoder::new(TRUSTED);
        decoder.buffer_mut().extend_from_slice(announced);
        assert!(decoder.decode(9).is_none());
        assert!(decoder.buffer_mut().capacity() <= READ_ROOM, "{}", announced.escape_ascii());
        assert!(decoder.spans.capacity() <= 4);
    }
}

#[test]
fn little_that_waits_holds_little() {
    let request = b"*2\r\n$4\r\nECHO\r\n$5\r\nhello\r\n";
    for at in 1..request.len() {
        let mut decoder = Decoder::new(TRUSTED);
        decoder.buffer_mut().extend_from_slice(&[b"PING\r\n", &request[..at]].concat());
        let burst = decoder.decode(9).unwrap();
        decoder.recycle(burst);
        for _ in 0..2 {
            decoder.release();
            assert_eq!(decoder.buf.capacity(), at);
        }
        let buffer = decoder.buffer_mut();
        assert!(buffer.capacity() - buffer.len() >= LEAST_ROOM);
        buffer.extend_from_slice(&request[at..]);
        let burst = decoder.decode(9).unwrap();
        assert_eq!(burst.args(0).iter().collect::<Vec<_>>(), [&b"ECHO"[..], b"hello"]);
    }
}

/// Delivers `bytes` in reads of 1 to 7 bytes. Returns the decoder, the reads, and how often the buffer grew.
fn drip(bytes: &[u8]) -> (Decoder, usize, usize, Option<Burst>) {
    let mut decoder = Decoder::new(TRUSTED);
    let (mut rest, mut reads, mut grown, mut burst) = (bytes, 0, 0, None);
    while !rest.is_empty() {
        let (piece, later) = rest.split_at((reads % 7 + 1).min(rest.len()));
        let before = decoder.buf.capacity();
        let buffer = decoder.buffer_mut();
        assert!(buffer.capacity() <= (3 * buffer.len()).max(2 * READ_ROOM));
        grown += usize::from(buffer.capacity() != before);
        buffer.extend_from_slice(piece);
        (rest, reads) = (later, reads + 1);
        burst = burst.or(decoder.decode(9));
    }
    (decoder, reads, grown, burst)
}

#[test]
fn a_large_bulk_in_small_pieces_is_linear_work() {
    let body = vec![b'\r'; 1 << 20];
    let bytes = [b"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$1048576\r\n", &body[..], b"\r\n"].concat();
    let (decoder, reads, grown, burst) = drip(&bytes);
    assert_eq!(burst.unwrap().args(0).at(2).len(), 1 << 20);
    assert!(reads > 250_000);
    assert!(grown <= 20, "{grown}");
    assert!(decoder.examined() < 100, "the body is never looked at: {}", decoder.examined());
    assert_eq!(decoder.buf.capacity(), 0, "a large buffer is not kept");
}

#[test]
fn many_arguments_in_small_pieces_are_linear_work() {
    let bytes = [b"*100000\r\n", &b"$3\r\nabc\r\n".repeat(100_000)[..]].concat();
    let (decoder, _, grown, burst) = drip(&bytes);
    assert_eq!(burst.unwrap().args(0).len(), 100_000);
    assert!(grown <= 20, "{grown}");
    assert!(decoder.examined() < 2 * bytes.len(), "{}", decoder.examined());
}

#[test]
fn a_dripping_line_is_searched_once() {
    for line in [format!("*{}", "1".repeat(60_000)), "x".repeat(60_000)] {
        let (decoder, reads, ..) = drip(line.as_bytes());
        assert!(decoder.examined() <= line.len() + reads, "{}", decoder.examined());
    }
}

#[test]
fn lists_and_buffer_are_used_again() {
    let mut decoder = Decoder::new(TRUSTED);
    let mut places = std::collections::HashSet::new();
    for _ in 0..10_000 {
        decoder.buffer_mut().extend_from_slice(&b"*2\r\n$4\r\nECHO\r\n$5\r\nhello\r\n".repeat(16));
        let burst = decoder.decode(usize::MAX).unwrap();
        assert_eq!(burst.len(), 16);
        places.insert((burst.spans.as_ptr(), burst.ends.as_ptr()));
        decoder.recycle(burst);
    }
    assert!(places.len() <= 4, "{}", places.len());
    assert!(decoder.buf.capacity() <= READ_ROOM);
    decoder.release();
    assert_eq!(decoder.buf.capacity(), 0);
}
