//! What is announced and never comes, what comes one byte at a time, and what is left in the parser by odd requests; before
//! and after authentication.

use super::*;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Instant;

/// What a client may announce at most: arguments, and the first of them.
const MOST_ANNOUNCED: &[u8] = b"*1048576\r\n$536870912\r\n";
/// The same before it has authenticated, and half of the first argument.
const MOST_OF_A_STRANGER: &[u8] = b"*10\r\n$4096\r\n";
const AUTH: &[u8] = b"*2\r\n$4\r\nAUTH\r\n$6\r\nsecret\r\n";

/// How many clients can be had, `wanted` at most. Says so if they are fewer.
fn possible(wanted: u64) -> u64 {
    let most = rustix::process::getrlimit(rustix::process::Resource::Nofile).maximum.unwrap_or(u64::MAX);
    let possible = wanted.min(most.saturating_sub(700));
    if possible < wanted {
        println!("NOT RUN: {wanted} clients, as the system allows {most} open files; {possible} were run");
    }
    possible
}

fn crowd(server: &Server, size: u64, say: impl Fn(u64) -> Vec<u8>) -> Vec<TcpStream> {
    let one = |i| {
        let mut stream = raw(server);
        // Who was shown out already cannot write.
        let _ = stream.write_all(&say(i));
        stream
    };
    (0..size).map(one).collect()
}

#[test]
fn ten_thousand_that_announce_the_most_cost_little() {
    let size = possible(10_000);
    let _crowd = open_many_files(size + 700);
    for password in [false, true] {
        let flags: &[&str] = if password { &["--requirepass", "secret"] } else { &[] };
        let server = volatile(&[&["--maxclients", "10010"], flags].concat());
        let mut other = if password { known(&server) } else { client(&server) };
        let (before, taken) = (resident(&server), info(&mut other, "used_memory"));
        // The answer to what stands before it tells that all of it was read.
        let (first, answer): (&[u8], &[u8]) = if password { (AUTH, b"+OK\r\n") } else { (b"PING\r\n", b"+PONG\r\n") };
        let mut silent = crowd(&server, size, |_| [first, MOST_ANNOUNCED].concat());
        for stream in &mut silent {
            let mut reply = vec![0; answer.len()];
            stream.read_exact(&mut reply).unwrap();
            assert_eq!(reply, answer);
        }
        assert_eq!(info(&mut other, "connected_clients"), size + 1, "nobody was shown out");
        costs_little(&server, before, "a crowd that announces half a gigabyte each");
        let taken = info(&mut other, "used_memory").saturating_sub(taken);
        assert!(taken < 96 * MIB, "{taken} bytes of the budget for what never came");
        assert_eq!(call(&mut other, &["SET", "k", "v"]), ok());
        drop(silent);
        until("their end", || info(&mut other, "connected_clients") == 1);
    }
}

#[test]
fn ten_thousand_strangers_that_announce_the_most_cost_little() {
    let size = possible(10_000);
    let _crowd = open_many_files(size + 700);
    let server = volatile(&["--maxclients", "10010", "--requirepass", "secret"]);
    let mut other = known(&server);
    let before = resident(&server);
    // Half of them announce more than a stranger may and are closed; of the others a quarter of all places may stay.
    let half = [MOST_OF_A_STRANGER, &[b'x'; 2000]].concat();
    let strangers = crowd(&server, size, |i| if i % 2 == 0 { MOST_ANNOUNCED.to_vec() } else { half.clone() });
    costs_little(&server, before, "a crowd of strangers");
    for _ in 0..100 {
        assert_eq!(call(&mut other, &["SET", "k", "v"]), ok());
    }
    known(&server);
    until("most of them to be shown out", || info(&mut other, "connected_clients") <= size / 2 + 2);
    costs_little(&server, before, "a crowd of strangers");
    drop(strangers);
    until("their end", || info(&mut other, "connected_clients") == 1);
}

#[test]
fn a_stranger_that_says_nothing_is_closed() {
    let server = volatile(&["--requirepass", "secret"]);
    let began = Instant::now();
    let mut silent = raw(&server);
    let mut begun = raw(&server);
    begun.write_all(MOST_OF_A_STRANGER).unwrap();
    let mut known = known(&server);
    for stream in [&mut silent, &mut begun] {
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        match stream.read(&mut [0; 16]) {
            Ok(0) => {}
            Err(why) if why.kind() == std::io::ErrorKind::ConnectionReset => {}
            got => panic!("not closed without a word: {got:?}"),
        }
    }
    assert!(began.elapsed() > Duration::from_secs(8), "{:?}", began.elapsed());
    assert_eq!(call(&mut known, &["PING"]), Value::Simple(b"PONG".to_vec()), "who is known may be silent");
}

/// Openings after which nothing comes.
const STALLED: &[&[u8]] = &[
    b"*1048576\r\n",
    b"$536870912\r\n",
    b"*1\r\n$536870912\r\n",
    b"*1\r\n*1\r\n*1\r\n",
    b"%1048576\r\n",
    b"~1048576\r\n>1048576\r\n",
    b"*-1\r\n*-2147483648\r\n",
    b"$-1\r\n",
    b"*1\r\n$-1\r\n",
    b"*01\r\n",
    b"*+1\r\n",
    b"*1\r\n$+4\r\n",
    b"*99999999999999999999\r\n",
    b"*1\r\n$99999999999999999999\r\n",
    b"*2147483647\r\n$0\r\n\r\n",
    b"*\0\r\n",
    b"*1\0\r\n",
    b"\0\0\0\0",
    b"*1",
    b"*",
    b"*1\r",
    b"*1\r\n$4\r\nPI",
    b"*1\r\n$4\r\nPING\r",
    b"\"never closed",
    b"PING",
    b"\xff\xfe\xfd\r\n",
];

#[test]
fn every_way_to_stall_costs_little() {
    for stranger in [false, true] {
        let flags: &[&str] = if stranger { &["--requirepass", "secret"] } else { &[] };
        let server = volatile(flags);
        let before = resident(&server);
        let mut stalled = Vec::new();
        for opening in STALLED {
            for _ in 0..20 {
                let mut stream = raw(&server);
                stream.write_all(opening).unwrap();
                stalled.push(stream);
            }
        }
        // Lines without an end, of all lengths up to the longest.
        for length in [1 << 10, 1 << 12, 1 << 14, (1 << 16) - 1, 1 << 17] {
            let mut stream = raw(&server);
            let _ = stream.write_all(&vec![b'1'; length]);
            stalled.push(stream);
        }
        let mut other = if stranger { known(&server) } else { client(&server) };
        for _ in 0..20 {
            assert_eq!(call(&mut other, &["PING"]), Value::Simple(b"PONG".to_vec()));
        }
        costs_little(&server, before, "clients that stall");
        drop(stalled);
        until("their end", || info(&mut other, "connected_clients") == 1);
    }
}

#[test]
fn two_thousand_that_send_a_byte_a_second_disturb_nobody() {
    const ROUNDS: usize = 4;
    let size = possible(2000);
    let _crowd = open_many_files(size + 700);
    let server = volatile(&["--requirepass", "secret"]);
    let mut other = known(&server);
    let before = resident(&server);
    // Half of them are known.
    let mut slow = crowd(&server, size, |i| if i % 2 == 0 { AUTH.to_vec() } else { Vec::new() });
    let request = b"*2\r\n$4\r\nPING\r\n$100\r\n";
    for round in 0..ROUNDS {
        let began = Instant::now();
        for stream in &mut slow {
            stream.write_all(&request[round..=round]).unwrap();
        }
        let mut answered = 0;
        while began.elapsed() < Duration::from_secs(1) || answered < 100 {
            assert_eq!(call(&mut other, &["SET", "k", "v"]), ok());
            answered += 1;
            assert!(began.elapsed() < Duration::from_secs(20), "{answered} calls were answered in round {round}");
        }
    }
    assert_eq!(info(&mut other, "connected_clients"), size + 1, "who says something is not idle");
    costs_little(&server, before, "slow senders");
    for stream in &mut slow[..10] {
        stream.write_all(&request[ROUNDS..]).unwrap();
        stream.write_all(&[&[b'x'; 100][..], b"\r\n"].concat()).unwrap();
    }
    let mut reply = [0; 12];
    slow[1].read_exact(&mut reply).unwrap();
    assert!(reply.starts_with(b"-NOAUTH"), "{}", reply.escape_ascii());
}

/// Sends `bytes` in two parts, cut at `at`, and reads as many bytes as `expected` has.
fn exchange(stream: &mut TcpStream, bytes: &[u8], at: usize, expected: &[u8]) {
    stream.write_all(&bytes[..at]).unwrap();
    stream.write_all(&bytes[at..]).unwrap();
    let mut got = vec![0; expected.len()];
    stream.read_exact(&mut got).unwrap_or_else(|why| panic!("{} cut at {at}: {why}", bytes.escape_ascii()));
    let shown = || format!("{} cut at {at}: {}", bytes.escape_ascii(), got.escape_ascii());
    assert!(got == expected, "{}", shown());
}

#[test]
fn the_next_request_is_parsed_afresh_whatever_came_before() {
    // What comes before, and its answer, to a client that is known and to one that is not.
    let odd: &[(&[u8], &[u8])] = &[
        (b"\r\n", b""),
        (b"\n", b""),
        (b"  \t \r\n", b""),
        (b"*0\r\n", b""),
        (b"*-1\r\n", b""),
        (b"*-5\r\n*0\r\n\r\n", b""),
        (b"GET\r\n", b"-ERR wrong number of arguments for 'get' command\r\n"),
        (b"*1\r\n$3\r\nGET\r\n", b"-ERR wrong number of arguments for 'get' command\r\n"),
        (b"*1\r\n$0\r\n\r\n", b"-ERR unknown command '', with args beginning with: \r\n"),
        (b"PING\r\n", b"+PONG\r\n"),
        (b"*2\r\n$4\r\nECHO\r\n$0\r\n\r\n", b"$0\r\n\r\n"),
        (b"*2\r\n$4\r\nECHO\r\n$2\r\n\r\n\r\n", b"$2\r\n\r\n\r\n"),
    ];
    let next: &[(&[u8], &[u8])] = &[
        (b"ECHO next\r\n", b"$4\r\nnext\r\n"),
        (b"*2\r\n$4\r\nECHO\r\n$4\r\nnext\r\n", b"$4\r\nnext\r\n"),
        (b"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$1\r\nv\r\n", b"+OK\r\n"),
    ];
    let open = volatile(&[]);
    let mut known = raw(&open);
    let locked = volatile(&["--requirepass", "secret"]);
    let mut stranger = raw(&locked);
    for stream in [&known, &stranger] {
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    }
    for (before, answer) in odd {
        for (request, reply) in next {
            let (bytes, expected) = ([*before, *request].concat(), [*answer, *reply].concat());
            // Errors about a verb itself come before the question who asks; everything else is not for strangers.
            let is_said = answer.starts_with(b"-");
            let refusal: &[u8] = b"-NOAUTH Authentication required.\r\n";
            let first = if answer.is_empty() || is_said { *answer } else { refusal };
            for at in 0..=bytes.len() {
                exchange(&mut known, &bytes, at, &expected);
                exchange(&mut stranger, &bytes, at, &[first, refusal].concat());
            }
        }
    }
}
