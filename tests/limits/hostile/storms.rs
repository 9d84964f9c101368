//! Connections that come and go as fast as they can, and all file descriptors taken: afterwards who comes is let in.

use super::*;
use rustix::process::{Pid, Resource, Rlimit, getrlimit, prlimit};
use std::io::{Read, Write};
use std::net::TcpStream;

/// Closes a connection with a reset, as a machine does that vanishes.
fn reset(stream: TcpStream) {
    socket2::SockRef::from(&stream).set_linger(Some(Duration::ZERO)).unwrap();
    drop(stream);
}

#[test]
fn a_storm_of_resets_keeps_nobody_out() {
    let server = volatile(&[]);
    let mut other = client(&server);
    call(&mut other, &["XGROUP", "CREATE", "s", "g", "$", "MKSTREAM"]);
    let before = resident(&server);
    let openings: [&[u8]; 4] = [
        b"",
        b"PING\r\n",
        b"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$536870912\r\nonly this",
        b"XREADGROUP GROUP g c BLOCK 0 STREAMS s >\r\n",
    ];
    std::thread::scope(|scope| {
        for opening in openings {
            let server = &server;
            scope.spawn(move || {
                for _ in 0..2000 {
                    let Ok(mut stream) = TcpStream::connect(server.address()) else { continue };
                    let _ = stream.write_all(opening);
                    reset(stream);
                }
            });
        }
        for _ in 0..200 {
            assert_eq!(call(&mut other, &["PING"]), Value::Simple(b"PONG".to_vec()));
        }
    });
    nobody_is_disturbed(&server);
    until("the end of the storm", || info(&mut other, "connected_clients") == 1);
    assert_eq!(info(&mut other, "blocked_clients"), 0);
    costs_little(&server, before, "a storm of resets");
    // Nobody of those who were gone has taken what came for it.
    let pending = call(&mut other, &["XPENDING", "s", "g"]);
    assert_eq!(pending.items()[0], Value::Integer(0));
}

fn open_files(server: &Server) -> u64 {
    std::fs::read_dir(format!("/proc/{}/fd", server.pid())).unwrap().count() as u64
}

#[test]
fn without_free_descriptors_those_inside_are_served_and_later_those_outside() {
    let server = volatile(&[]);
    let mut inside = client(&server);
    call(&mut inside, &["PING"]);
    let pid = Pid::from_raw(i32::try_from(server.pid()).unwrap());
    let few = open_files(&server) + 10;
    let old =
        prlimit(pid, Resource::Nofile, Rlimit { current: Some(few), maximum: getrlimit(Resource::Nofile).maximum });
    let Ok(old) = old else {
        println!("NOT RUN: a server without free descriptors: the system does not let us lower its limit");
        return;
    };
    // More than fit: the rest stands in the kernel's queue.
    let mut crowd: Vec<TcpStream> = (0..100).map(|_| raw(&server)).collect();
    until("all descriptors to be taken", || open_files(&server) >= few);
    for _ in 0..50 {
        assert_eq!(call(&mut inside, &["SET", "k", "v"]), ok());
    }
    let mut waiting = crowd.pop().unwrap();
    waiting.write_all(b"PING\r\n").unwrap();
    waiting.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
    let mut reply = [0; 7];
    waiting.read_exact(&mut reply).expect_err("there is no descriptor for it");
    // Those who leave make room for those who wait.
    drop(crowd);
    waiting.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    waiting.read_exact(&mut reply).expect("who waited is let in");
    assert_eq!(&reply, b"+PONG\r\n");
    nobody_is_disturbed(&server);
    prlimit(pid, Resource::Nofile, old).unwrap();
    nobody_is_disturbed(&server);
}
