//! Whole runs against a server of a few lines: what is printed, and with which exit code.

use super::run_to;
use std::ffi::OsString;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::ExitCode;

/// Answers every request (one `PING` each) with `reply`, in pieces of three bytes.
fn serve(reply: &'static [u8]) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        listener.incoming().for_each(|s| drop(std::thread::spawn(|| answer(s.unwrap(), reply))))
    });
    address
}

fn answer(mut socket: TcpStream, reply: &[u8]) {
    socket.set_nodelay(true).unwrap();
    let mut buffer = [0; 4096];
    while let Ok(got @ 1..) = socket.read(&mut buffer) {
        let requests = buffer[..got].iter().filter(|&&b| b == b'*').count();
        for piece in reply.repeat(requests).chunks(3) {
            if socket.write_all(piece).is_err() {
                return;
            }
        }
    }
}

fn bench(address: SocketAddr, words: &str) -> (String, bool) {
    let (mut out, mut err) = (vec![], vec![]);
    let address = format!("-a {address}");
    let args = words.split(' ').chain(address.split(' ').take(2 * usize::from(!words.contains("--target"))));
    let code = run_to(args.map(OsString::from), &mut out, &mut err);
    assert_eq!(String::from_utf8_lossy(&err), "");
    (String::from_utf8(out).unwrap(), code == ExitCode::SUCCESS)
}

#[test]
fn counts_every_request_over_threads_and_pipelines() {
    let (out, well) = bench(serve(b"+PONG\r\n"), "ping -n 1001 -c 5 -P 7 --threads 2 --json");
    assert!(well && out.contains(r#""operations":1001,"#), "{out}");
    assert!(out.contains(r#""loop":"closed","#) && out.lines().count() == 1, "{out}");
}

#[test]
fn an_open_loop_sends_what_is_due_and_says_so() {
    let (out, well) = bench(serve(b"+PONG\r\n"), "ping --rate 2000 -n 200 -c 3");
    assert!(well && out.contains("(200 in ") && out.contains("intended send time"), "{out}");
}

#[test]
fn error_replies_are_counted_shown_and_fail() {
    let (out, well) = bench(serve(b"-ERR no\r\n"), "ping -n 30 -c 3");
    assert!(!well && out.contains("errors      30") && out.contains("first error ERR no"), "{out}");
}

#[test]
fn what_is_not_resp_fails() {
    let (out, well) = bench(serve(b"HTTP/1.1\r\n"), "ping -n 30 -c 1");
    assert!(!well && out.contains("not RESP"), "{out}");
}

#[test]
fn compares_in_rounds() {
    let (a, b) = (serve(b"+PONG\r\n"), serve(b"+PONG\r\n"));
    let words = format!("compare --target a={a} --target b={b} --rounds 3 --json ping -n 100 -c 2");
    let (out, well) = bench(a, &words);
    assert!(well && out.lines().count() == 8, "{out}");
    assert_eq!(out.matches(r#""summary":true"#).count(), 2);
}
