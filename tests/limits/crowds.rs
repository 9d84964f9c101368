//! Ten thousand clients at once that read drop by drop, or wait for entries: what each of them costs, that others notice nothing, and
//! that each gets what it came for.

use super::connections::{nobody_is_disturbed, open_many_files, raw};
use super::{call, client, info, resident, until, volatile};
use brooklet_testkit::client::{PATIENCE, encode};
use brooklet_testkit::{Client, Server, Value};
use socket2::{Domain, SockRef, Socket, Type};
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

const CROWD: usize = 10_000;
const KIB: u64 = 1024;

/// Answers PING until `done`, one every few milliseconds; nobody may wait long, and hardly anybody at all. Bounds are for busy machines.
fn others_are_answered(server: &Server, done: &AtomicBool) {
    let (mut other, mut times) = (client(server), Vec::new());
    while !done.load(Ordering::Acquire) {
        let began = Instant::now();
        assert_eq!(call(&mut other, &["PING"]), Value::Simple(b"PONG".to_vec()));
        times.push(began.elapsed());
        std::thread::sleep(Duration::from_millis(3));
    }
    times.sort_unstable();
    let (median, longest) = (times[times.len() / 2], times[times.len() - 1]);
    println!("{} PINGs of others, median {median:?}, longest {longest:?}", times.len());
    assert!(longest < Duration::from_secs(2), "a PING took {longest:?}");
    assert!(median < Duration::from_millis(50), "half of the PINGs took {median:?} and more");
}

/// Does `work` while others are answered.
fn beside_others(server: &Server, work: impl FnOnce() + Send) {
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let worker = scope.spawn(|| {
            let _done = Done(&done);
            work();
        });
        others_are_answered(server, &done);
        worker.join().unwrap();
    });
}

/// Also if it panics.
struct Done<'a>(&'a AtomicBool);

impl Drop for Done<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Release);
    }
}

/// A client whose system takes little at a time. (That of the server takes 200 KB all the same.)
fn slow(server: &Server) -> TcpStream {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    socket.set_tcp_mss(1300).unwrap();
    socket.connect(&server.address().into()).unwrap();
    socket.into()
}

/// Reads so many bytes, which have to be those.
fn read_those(stream: &mut TcpStream, expected: &[u8]) {
    let mut bytes = vec![0; expected.len()];
    stream.read_exact(&mut bytes).unwrap();
    assert!(bytes == expected, "not what it asked for");
}

/// A call, and its reply.
type Question = (Vec<u8>, Vec<u8>);

/// Questions with long answers, of which most has to wait in the server, and with shorter ones.
fn questions(server: &Server) -> [Question; 4] {
    let mut writer = client(server);
    call(&mut writer, &["SET", "long", &"x".repeat(500_000)]);
    call(&mut writer, &["SET", "short", &"x".repeat(16_000)]);
    for i in 0..500 {
        call(&mut writer, &["XADD", "stream", &format!("1-{}", i + 1), "field", &"y".repeat(1000)]);
    }
    let some = ["XRANGE", "stream", "-", "+", "COUNT", "16"];
    [&["GET", "long"], &some[..4], &["GET", "short"], &some].map(|words| {
        let ask = encode(words);
        let mut once = raw(server);
        once.write_all(&ask).unwrap();
        once.set_read_timeout(Some(Duration::from_millis(500))).unwrap();
        let (mut reply, mut chunk) = (Vec::new(), vec![0; 1 << 20]);
        while let Ok(n) = once.read(&mut chunk) {
            reply.extend_from_slice(&chunk[..n]);
        }
        assert!(reply.len() > 16_000, "{} bytes", reply.len());
        (ask, reply)
    })
}

#[test]
#[ignore = "measured, so it wants the machine for itself: the gate runs it alone"]
fn ten_thousand_slow_readers_are_bounded_and_get_all_they_asked_for() {
    const DROP: usize = 200;
    // One in five has a long answer to read: the systems of all of them would need gigabytes for their part.
    let kind = |i: usize| if i.is_multiple_of(5) { i / 5 % 2 } else { 2 + i % 2 };
    let _crowd = open_many_files(CROWD as u64 + 700);
    let server = volatile(&["--maxclients", "10010"]);
    let questions = questions(&server);
    let mut other = client(&server);
    let (before, executed) = (resident(&server), info(&mut other, "total_commands_processed"));
    let mut readers: Vec<TcpStream> = Vec::with_capacity(CROWD);
    for i in 0..CROWD {
        let mut reader = slow(&server);
        reader.write_all(&questions[kind(i)].0).unwrap();
        readers.push(reader);
    }
    until("their turn", || info(&mut other, "total_commands_processed") >= executed + CROWD as u64);
    let cost = |when: &str| {
        let each = resident(&server).saturating_sub(before) / CROWD as u64;
        println!("a slow reader costs {each} bytes in the mean, {when}");
        assert!(each < 32 * KIB, "{each} bytes for a slow reader, {when}");
    };
    cost("before it reads");
    beside_others(&server, || {
        for drops in 0..5 {
            for (i, reader) in readers.iter_mut().enumerate() {
                read_those(reader, &questions[kind(i)].1[drops * DROP..(drops + 1) * DROP]);
            }
        }
        cost("while it reads");
        // Nobody was shown out, and all are served to the end.
        for (i, reader) in readers.iter_mut().enumerate() {
            SockRef::from(&*reader).set_recv_buffer_size(1 << 18).unwrap();
            reader.set_read_timeout(Some(PATIENCE)).unwrap();
            read_those(reader, &questions[kind(i)].1[5 * DROP..]);
        }
    });
    assert_eq!(info(&mut other, "client_output_buffer_limit_disconnections"), 0);
    assert_eq!(info(&mut other, "connected_clients"), CROWD as u64 + 1);
    // What was freed goes back to the system within seconds.
    until("what they held to be given back", || {
        let left = resident(&server).saturating_sub(before) / CROWD as u64;
        left < 10 * KIB
    });
}

/// So many streams, of which each reader waits for four.
const STREAMS: usize = 100;
const EACH: usize = 4;
const PLACES: usize = STREAMS / EACH;
/// Readers of a place: half of them read alone, half in a group.
const AT_PLACE: usize = CROWD / 2 / PLACES;

struct Reader {
    wire: TcpStream,
    place: usize,
    in_group: bool,
}

impl Reader {
    fn waits(server: &Server, i: usize) -> Reader {
        let (place, in_group) = (i / 2 % PLACES, i % 2 == 1);
        let (name, streams) = (format!("c{i}"), (0..EACH).map(|j| format!("s{}", place * EACH + j)));
        let streams: Vec<String> = streams.collect();
        let mut words = if in_group { vec!["XREADGROUP", "GROUP", "g", &name] } else { vec!["XREAD"] };
        words.extend(["COUNT", "1", "BLOCK", "0", "STREAMS"]);
        words.extend(streams.iter().map(String::as_str));
        words.extend([if in_group { ">" } else { "$" }; EACH]);
        let mut wire = raw(server);
        wire.write_all(&encode(&words)).unwrap();
        Reader { wire, place, in_group }
    }

    /// Whether anything has come for it.
    fn has_something(&self) -> bool {
        self.wire.set_nonblocking(true).unwrap();
        let found = self.wire.peek(&mut [0]);
        self.wire.set_nonblocking(false).unwrap();
        match found {
            Ok(n) => n > 0,
            Err(why) => {
                assert_eq!(why.kind(), ErrorKind::WouldBlock, "{why}");
                false
            }
        }
    }

    /// What has come: one entry of one of its streams. Answers the number of the entry.
    fn take(&mut self) -> usize {
        let mut bytes = [0; 400];
        let n = self.wire.read(&mut bytes).unwrap();
        let text = String::from_utf8_lossy(&bytes[..n]).into_owned();
        let words: Vec<&str> = text.split("\r\n").collect();
        let stream = words[3].strip_prefix('s').and_then(|s| s.parse::<usize>().ok());
        assert_eq!(stream.map(|s| s / EACH), Some(self.place), "{text:?}");
        assert_eq!((words[9], words[10], words.len()), ("$1", "n", 14), "{text:?}");
        assert!(!self.has_something(), "more than one answer");
        words[12].parse().unwrap()
    }
}

/// Adds the entry of that number to a stream.
fn add(writer: &mut Client, stream: usize, number: usize) {
    call(writer, &["XADD", &format!("s{stream}"), "*", "n", &number.to_string()]);
}

/// Those for whom something has come, and what; they wait no more. Waits until they are so many.
fn served(readers: &mut Vec<Reader>, count: usize) -> Vec<(Reader, usize)> {
    let mut all = Vec::new();
    until("the answers", || {
        let (served, waiting): (Vec<Reader>, _) = std::mem::take(readers).into_iter().partition(Reader::has_something);
        *readers = waiting;
        all.extend(served.into_iter().map(|mut reader| {
            let number = reader.take();
            (reader, number)
        }));
        all.len() >= count
    });
    all
}

#[test]
#[ignore = "measured, so it wants the machine for itself: the gate runs it alone"]
fn ten_thousand_blocked_readers_cost_little_and_the_right_ones_wake() {
    let _crowd = open_many_files(CROWD as u64 + 700);
    let server = volatile(&["--maxclients", "10010"]);
    let mut writer = client(&server);
    for i in 0..STREAMS {
        call(&mut writer, &["XGROUP", "CREATE", &format!("s{i}"), "g", "$", "MKSTREAM"]);
    }
    let before = resident(&server);
    let mut readers: Vec<Reader> = (0..CROWD).map(|i| Reader::waits(&server, i)).collect();
    let blocked = |writer: &mut Client, n: usize| until("the waits", || info(writer, "blocked_clients") == n as u64);
    blocked(&mut writer, CROWD);
    let each = resident(&server).saturating_sub(before) / CROWD as u64;
    println!("a reader that waits for {EACH} streams costs {each} bytes");
    assert!(each < 8 * KIB, "{each} bytes for a reader that waits");
    nobody_is_disturbed(&server);
    // One entry in one stream of each place: all who read alone there have it, and one of the group.
    for place in 0..PLACES {
        add(&mut writer, place * EACH + place % EACH, place);
        blocked(&mut writer, CROWD - (place + 1) * (AT_PLACE + 1));
        let woken = served(&mut readers, AT_PLACE + 1);
        assert!(woken.iter().all(|(reader, number)| (reader.place, *number) == (place, place)));
        let alone = woken.iter().filter(|(reader, _)| !reader.in_group).count();
        assert_eq!((alone, woken.len() - alone), (AT_PLACE, 1));
    }
    // As many entries as there are readers left, who are all of groups: one for each.
    let left = readers.len();
    assert_eq!(left, PLACES * (AT_PLACE - 1));
    beside_others(&server, || {
        for number in 0..left {
            add(&mut writer, number % PLACES * EACH + number / PLACES % EACH, number);
        }
        blocked(&mut writer, 0);
    });
    let mut numbers: Vec<usize> = served(&mut readers, left).into_iter().map(|(_, number)| number).collect();
    numbers.sort_unstable();
    assert!(readers.is_empty() && numbers.into_iter().eq(0..left), "one entry for each, and each once");
    let mut other = client(&server);
    let pending = |i| match call(&mut other, &["XPENDING", &format!("s{i}"), "g"]) {
        Value::Array(parts) => parts[0].number().unwrap(),
        reply => panic!("{reply:?}"),
    };
    assert_eq!((0..STREAMS).map(pending).sum::<i64>(), (CROWD / 2) as i64);
}
