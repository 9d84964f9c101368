//! The socket file: who may connect, what a dead server leaves, what a living one keeps.

use super::target;
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// A running broker; it ends with the test, however that ends.
struct Broker(Child);

impl Drop for Broker {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Broker {
    /// With a socket file and no port.
    fn start(socket: &Path, mode: &str) -> Broker {
        let mut command = Command::new(target().program());
        command.args(["--memory", "--port", "0", "--unixsocketperm", mode, "--unixsocket"]).arg(socket);
        Broker(command.stdin(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap())
    }

    fn signal(&self, name: &str) {
        Command::new("kill").args([name, &self.0.id().to_string()]).status().unwrap();
    }

    /// What it says until it ends.
    fn last_words(mut self) -> String {
        let mut text = String::new();
        self.0.stderr.take().unwrap().read_to_string(&mut text).unwrap();
        text
    }
}

fn connect(socket: &Path) -> UnixStream {
    let mut stream = None;
    super::until("the socket", || {
        stream = UnixStream::connect(socket).ok();
        stream.is_some()
    });
    stream.unwrap()
}

/// Sends a line; what comes back up to `end`.
fn ask(stream: &mut UnixStream, line: &str, end: &str) -> String {
    stream.write_all(format!("{line}\r\n").as_bytes()).unwrap();
    let mut reply = Vec::new();
    while !reply.ends_with(end.as_bytes()) {
        let mut part = [0; 4096];
        let n = stream.read(&mut part).unwrap();
        assert!(n > 0, "closed after {}", String::from_utf8_lossy(&reply));
        reply.extend_from_slice(&part[..n]);
    }
    String::from_utf8(reply).unwrap()
}

#[test]
fn clients_come_through_a_socket_file() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("s");
    let broker = Broker::start(&socket, "0");
    let mut c = connect(&socket);
    assert_eq!(
        std::fs::metadata(&socket).unwrap().permissions().mode() & 0o777,
        0o700,
        "its owner's and nobody else's"
    );
    assert_eq!(ask(&mut c, "SET k v", "\r\n"), "+OK\r\n");
    assert_eq!(ask(&mut c, "CLIENT NO-EVICT ON", "\r\n"), "+OK\r\n");
    let line = ask(&mut c, "CLIENT INFO", "\n\r\n");
    let path = socket.display();
    assert!(line.contains(&format!(" addr={path}:0 laddr={path}:0 ")) && line.contains(" flags=Ue "), "{line}");
    let server = ask(&mut c, "INFO server", "\r\n\r\n");
    assert!(server.contains(&format!("\r\nlistener0:name=unix,bind={path}\r\n")), "{server}");
    assert!(server.contains("\r\ntcp_port:0\r\n"), "nothing was opened beside it: {server}");
    // A large reply, read late.
    c.write_all(b"SETRANGE k 20000000 x\r\nGET k\r\nPING\r\n").unwrap();
    std::thread::sleep(std::time::Duration::from_millis(100));
    let mut reply = vec![0; ":20000001\r\n$20000001\r\n".len() + 20_000_001 + "\r\n+PONG\r\n".len()];
    c.read_exact(&mut reply).unwrap();
    assert!(reply.ends_with(b"x\r\n+PONG\r\n"));
    let mut killer = connect(&socket);
    assert_eq!(ask(&mut killer, &format!("CLIENT KILL TYPE normal ADDR {path}:0"), "\r\n"), ":1\r\n");
    assert_eq!(c.read(&mut [0; 10]).unwrap(), 0, "killed");
    broker.signal("-TERM");
    let said = broker.last_words();
    assert!(said.contains(&format!("Ready to accept connections on {path}")), "{said}");
    assert!(!socket.exists(), "the file outlived the server");
}

#[test]
fn what_a_killed_server_left_is_replaced_and_a_living_one_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("s");
    let first = Broker::start(&socket, "770");
    connect(&socket);
    assert_eq!(std::fs::metadata(&socket).unwrap().permissions().mode() & 0o777, 0o770);
    let said = Broker::start(&socket, "0").last_words();
    assert!(said.contains("cannot listen on") && said.contains("in use"), "{said}");
    first.signal("-KILL");
    first.last_words();
    assert!(socket.exists(), "a killed server cannot clear away");
    let _second = Broker::start(&socket, "0");
    assert_eq!(ask(&mut connect(&socket), "PING", "\r\n"), "+PONG\r\n");
}
