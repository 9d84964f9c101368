//! Clients that are many, silent, deaf or greedy. Nobody else is disturbed, and memory stays bounded.

use super::{MIB, call, client, info, number, resident, until, volatile};
use brooklet_testkit::client::{NoReply, encode};
use brooklet_testkit::{Protocol, Server, Value};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

pub fn raw(server: &Server) -> TcpStream {
    let stream = TcpStream::connect(server.address()).unwrap();
    stream.set_nodelay(true).unwrap();
    stream
}

/// Another client is answered, soon.
pub fn nobody_is_disturbed(server: &Server) {
    let began = Instant::now();
    let mut other = client(server);
    for _ in 0..20 {
        assert_eq!(call(&mut other, &["PING"]), Value::Simple(b"PONG".to_vec()));
    }
    assert!(began.elapsed() < Duration::from_secs(2), "20 PINGs took {:?}", began.elapsed());
}

/// Held by the test that has thousands of connections: two at a time would be more files than systems allow a process.
static CROWD: Mutex<()> = Mutex::new(());

/// Lets this process open as many files as the system allows it, and nobody else meanwhile.
pub fn open_many_files(wanted: u64) -> MutexGuard<'static, ()> {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    // Another test's failure is not ours.
    let crowd = CROWD.lock().unwrap_or_else(PoisonError::into_inner);
    let limit = getrlimit(Resource::Nofile);
    assert!(
        limit.maximum.is_none_or(|most| most >= wanted),
        "this test needs {wanted} file descriptors, the system allows {:?} (ulimit -Hn)",
        limit.maximum
    );
    if limit.current.is_some_and(|now| now < wanted) {
        setrlimit(Resource::Nofile, Rlimit { current: Some(wanted), maximum: limit.maximum }).unwrap();
    }
    crowd
}

#[test]
fn ten_thousand_idle_clients_cost_little() {
    let _crowd = open_many_files(10_700);
    let server = volatile(&["--maxclients", "10001"]);
    let before = resident(&server);
    let mut idle: Vec<TcpStream> = (0..10_000).map(|_| raw(&server)).collect();
    // Each has spoken once: what a call needs must be given back when it is over.
    for stream in &mut idle {
        stream.write_all(b"PING\r\n").unwrap();
    }
    for stream in &mut idle {
        let mut reply = [0; 7];
        stream.read_exact(&mut reply).unwrap();
        assert_eq!(&reply, b"+PONG\r\n");
    }
    let each = resident(&server).saturating_sub(before) / 10_000;
    assert!(each < 6 * 1024, "{each} bytes for an idle client");
    let mut last = client(&server);
    assert_eq!(info(&mut last, "connected_clients"), 10_001);
    let mut refused = raw(&server);
    let mut line = String::new();
    refused.read_to_string(&mut line).unwrap();
    assert_eq!(line, "-ERR max number of clients reached\r\n");
    assert_eq!(call(&mut last, &["PING"]), Value::Simple(b"PONG".to_vec()));
    drop(idle);
    until("the end of the idle clients", || info(&mut last, "connected_clients") == 1);
}

#[test]
fn announced_bytes_that_never_come_cost_nothing() {
    let server = volatile(&[]);
    let before = resident(&server);
    let silent: Vec<TcpStream> = (0..500)
        .map(|_| {
            let mut stream = raw(&server);
            stream.write_all(b"*1048576\r\n$3\r\nSET\r\n$1\r\nk\r\n$536870912\r\nonly this").unwrap();
            stream
        })
        .collect();
    nobody_is_disturbed(&server);
    let grown = resident(&server).saturating_sub(before);
    assert!(grown < 32 * MIB, "{} clients that announce half a gigabyte cost {grown} bytes", silent.len());
}

#[test]
fn a_client_that_never_reads_gets_no_more_executed() {
    let server = volatile(&[]);
    let mut other = client(&server);
    call(&mut other, &["SET", "big", &"x".repeat(1_000_000)]);
    let before = resident(&server);
    let mut deaf = raw(&server);
    let gets: Vec<u8> = encode(&["GET", "big"]).repeat(5000);
    deaf.write_all(&gets).unwrap();
    std::thread::sleep(Duration::from_millis(500));
    nobody_is_disturbed(&server);
    let executed = info(&mut other, "total_commands_processed");
    assert!(executed < 200, "{executed} calls were executed for a client that reads nothing");
    let grown = resident(&server).saturating_sub(before);
    assert!(grown < 48 * MIB, "{grown} bytes for a client that reads nothing");
    // It is served to the end once it reads: nothing is lost, nobody was thrown out.
    let expected = 5000 * (1_000_000 + "$1000000\r\n".len() + 2);
    let mut got = 0;
    let mut chunk = vec![0; 1 << 20];
    deaf.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    while got < expected {
        let n = deaf.read(&mut chunk).unwrap();
        assert!(n > 0, "closed after {got} of {expected} bytes");
        got += n;
    }
    assert_eq!(got, expected);
}

#[test]
fn a_client_that_writes_all_before_it_reads_is_served() {
    let server = volatile(&[]);
    let mut other = client(&server);
    call(&mut other, &["SET", "k", &"x".repeat(1000)]);
    let mut late = raw(&server);
    // 20 MB of calls, 200 MB of replies: more than any buffer between the two.
    let gets = encode(&["GET", "k"]).repeat(200_000);
    late.set_write_timeout(Some(Duration::from_secs(20))).unwrap();
    late.write_all(&gets).unwrap();
    let mut left = 200_000 * (1000 + "$1000\r\n".len() + 2);
    let mut chunk = vec![0; 1 << 20];
    while left > 0 {
        left -= late.read(&mut chunk).unwrap();
    }
}

#[test]
fn a_client_that_takes_too_long_to_read_is_closed() {
    let server = volatile(&["--client-output-buffer-limit", "normal 0 8mb 1"]);
    let mut other = client(&server);
    call(&mut other, &["SET", "big", &"x".repeat(20_000_000)]);
    let mut deaf = client(&server);
    deaf.send(&["GET", "big"]).unwrap();
    until("the disconnection", || info(&mut other, "client_output_buffer_limit_disconnections") == 1);
    nobody_is_disturbed(&server);
}

#[test]
fn a_frame_that_arrives_byte_by_byte_takes_linear_time() {
    let server = volatile(&[]);
    let mut slow = raw(&server);
    let words: Vec<String> = (0..3000).map(|i| i.to_string()).collect();
    let mut call = vec!["DEL"];
    call.extend(words.iter().map(String::as_str));
    let bytes = encode(&call);
    let began = Instant::now();
    for byte in &bytes {
        slow.write_all(&[*byte]).unwrap();
    }
    let mut reply = [0; 4];
    slow.read_exact(&mut reply).unwrap();
    assert_eq!(&reply, b":0\r\n");
    assert!(began.elapsed() < Duration::from_secs(10), "{} bytes took {:?}", bytes.len(), began.elapsed());
}

#[test]
fn odd_numbers_are_refused_as_the_reference_does() {
    let server = volatile(&[]);
    for (frame, line) in [
        ("*2147483648\r\n", "-ERR Protocol error: invalid multibulk length\r\n"),
        ("*9223372036854775808\r\n", "-ERR Protocol error: invalid multibulk length\r\n"),
        ("*1\r\n$-1\r\n", "-ERR Protocol error: invalid bulk length\r\n"),
        ("*1\r\n$536870913\r\n", "-ERR Protocol error: invalid bulk length\r\n"),
        ("*1\r\nPING\r\n", "-ERR Protocol error: expected '$', got 'P'\r\n"),
        ("*x\r\n", "-ERR Protocol error: invalid multibulk length\r\n"),
    ] {
        let mut stream = raw(&server);
        stream.write_all(frame.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert_eq!(answer, line, "{frame:?}");
    }
    nobody_is_disturbed(&server);
}

#[test]
fn an_idle_client_is_closed_after_its_time_also_when_the_option_comes_later() {
    let server = volatile(&[]);
    let mut idle = client(&server);
    call(&mut idle, &["PING"]);
    let mut other = client(&server);
    call(&mut other, &["CONFIG", "SET", "timeout", "1"]);
    match idle.read(Duration::from_secs(8)) {
        Err(NoReply::Closed) => {}
        got => panic!("an idle client got {got:?}"),
    }
}

#[test]
fn a_thousand_blocked_readers_are_served_in_order_and_cost_nothing_else() {
    let server = volatile(&[]);
    let mut writer = client(&server);
    call(&mut writer, &["XGROUP", "CREATE", "s", "g", "$", "MKSTREAM"]);
    let mut readers = Vec::new();
    for i in 0..1000 {
        let mut reader = server.connect(Protocol::Resp3).unwrap();
        reader.send(&["XREADGROUP", "GROUP", "g", &format!("c{i}"), "BLOCK", "0", "STREAMS", "s", ">"]).unwrap();
        if i % 100 == 99 {
            until("the waits", || info(&mut writer, "blocked_clients") == i + 1);
        }
        readers.push(reader);
    }
    nobody_is_disturbed(&server);
    let ids: Vec<String> = (0..1000)
        .map(|i| call(&mut writer, &["XADD", "s", &format!("1-{}", i + 1), "f", "v"]).text().unwrap())
        .collect();
    for reader in &mut readers {
        assert!(matches!(reader.read(Duration::from_secs(10)), Ok(Value::Map(streams)) if streams.len() == 1));
    }
    assert_eq!(number(&mut writer, &["XLEN", "s"]), ids.len() as i64);
    assert_eq!(info(&mut writer, "blocked_clients"), 0);
}

#[cfg(feature = "scripting")]
#[test]
fn scripts_beside_blocked_readers_are_atomic_and_wake_them_all() {
    const EACH: usize = 300;
    let server = volatile(&[]);
    let mut writer = client(&server);
    call(&mut writer, &["XGROUP", "CREATE", "s", "g", "$", "MKSTREAM"]);
    let waiting = |words: Vec<String>| {
        let mut reader = server.connect(Protocol::Resp3).unwrap();
        reader.send(&words.iter().map(String::as_str).collect::<Vec<_>>()).unwrap();
        reader
    };
    let words = |text: String| text.split(' ').map(str::to_owned).collect();
    let mut readers: Vec<_> = (0..EACH)
        .flat_map(|i| [format!("XREADGROUP GROUP g c{i} COUNT 1 BLOCK 0 STREAMS s >"), "BLPOP l 0".to_owned()])
        .map(|text| waiting(words(text)))
        .collect();
    until("the waits", || info(&mut writer, "blocked_clients") == 2 * EACH as u64);
    // What waits in a script does not wait.
    let at_once = "return {redis.call('BLPOP', 'none', 0), redis.call('XREAD', 'BLOCK', 0, 'STREAMS', 's', '$')}";
    assert_eq!(call(&mut writer, &["EVAL", at_once, "0"]), Value::Array(vec![Value::NullBulk, Value::NullBulk]));
    let feed = "for i = 1, ARGV[1] do redis.call('XADD', 's', '*', 'n', i) redis.call('RPUSH', 'l', i) end \
                return {redis.call('LLEN', 'l'), redis.call('XLEN', 's')}";
    let all = Value::Integer(EACH as i64);
    let fed = call(&mut writer, &["EVAL", feed, "0", &EACH.to_string()]);
    assert_eq!(fed, Value::Array(vec![all.clone(), all]), "nobody is served in the middle of a script");
    for reader in &mut readers {
        reader.read(Duration::from_secs(10)).expect("each reader gets something");
    }
    assert_eq!(number(&mut writer, &["LLEN", "l"]), 0);
    let pending = call(&mut writer, &["XPENDING", "s", "g"]);
    assert!(matches!(&pending, Value::Array(parts) if parts[0] == Value::Integer(EACH as i64)), "{pending:?}");
    // A long script is no reason to lose who waits, nor for others to be stuck once it is over.
    let mut late = waiting(words("BLPOP l 0".to_owned()));
    until("the wait", || info(&mut writer, "blocked_clients") == 1);
    let long = "local n = 0 while n < 3e6 do n = n + 1 end return redis.call('RPUSH', 'l', n)";
    assert_eq!(call(&mut writer, &["EVAL", long, "0"]), Value::Integer(1));
    late.read(Duration::from_secs(10)).expect("what the script pushed");
}
