//! Starts and ends, as a person or a supervisor sees them.

#[cfg(feature = "rocksdb")]
use super::client;
use super::{call, target};
use brooklet_testkit::Value;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

fn program() -> Command {
    let mut command = Command::new(target().program());
    command.env_remove("BROOKLET_UNDER_TEST").env_remove("BROOKLET_REFERENCE").stdin(Stdio::null());
    command
}

fn ends(args: &[&str]) -> Output {
    program().args(args).output().unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Waits for the ready file; the time since `began`.
fn ready(file: &Path, began: Instant) -> Duration {
    while !file.exists() {
        assert!(began.elapsed() < Duration::from_secs(10), "never ready");
        std::thread::sleep(Duration::from_micros(500));
    }
    began.elapsed()
}

fn end(mut child: Child) {
    let _ = child.kill();
    let _ = child.wait();
}

#[test]
fn a_broker_for_tests_is_up_in_a_moment() {
    let folder = tempfile::tempdir().unwrap();
    let fastest = (0..5)
        .map(|i| {
            let file = folder.path().join(format!("ready{i}"));
            let began = Instant::now();
            let child =
                program().args(["--memory", "--port", "0", "--ready-file"]).arg(&file).stderr(Stdio::null()).spawn();
            let took = ready(&file, began);
            end(child.unwrap());
            took
        })
        .min()
        .unwrap();
    assert!(fastest < Duration::from_millis(100), "{fastest:?}");
}

#[test]
fn the_ready_file_has_the_address() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ready");
    let child = program().args(["--memory", "--port", "0", "--ready-file"]).arg(&file).stderr(Stdio::null()).spawn();
    ready(&file, Instant::now());
    let address = std::fs::read_to_string(&file).unwrap().trim().parse().unwrap();
    let mut c = brooklet_testkit::Client::connect(address, brooklet_testkit::Protocol::Resp3).unwrap();
    assert_eq!(call(&mut c, &["PING"]), Value::Simple(b"PONG".to_vec()));
    end(child.unwrap());
}

#[test]
fn a_port_in_use_is_explained() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let output = ends(&["--memory", "--port", &port]);
    assert_eq!(output.status.code(), Some(1));
    let text = said(&output);
    assert!(text.contains(&format!("cannot listen on 127.0.0.1:{port}: the port is in use")), "{text}");
}

#[test]
fn an_unknown_option_is_an_error_with_a_suggestion() {
    let output = ends(&["--maxmemroy", "1gb"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(said(&output).contains("maxmemory"), "{}", said(&output));
}

#[test]
fn the_version_can_be_parsed() {
    let output = ends(&["--version"]);
    let text = String::from_utf8(output.stdout).unwrap();
    let version = text.split_whitespace().find_map(|word| word.strip_prefix("v=")).or(text.split_whitespace().nth(1));
    assert!(version.is_some_and(|v| v.split('.').count() == 3), "{text}");
}

#[test]
fn it_ends_with_its_parent_if_asked() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ready");
    let line = format!(
        "'{}' --memory --port 0 --exit-with-parent --ready-file '{}' 2>/dev/null & echo $!; \
         while [ ! -e '{}' ]; do sleep 0.01; done",
        target().program().display(),
        file.display(),
        file.display()
    );
    let output = Command::new("sh").args(["-c", &line]).output().unwrap();
    let pid: u32 = String::from_utf8(output.stdout).unwrap().trim().parse().unwrap();
    super::until("its end", || !Path::new(&format!("/proc/{pid}")).exists());
}

#[cfg(feature = "rocksdb")]
mod with_a_folder {
    use super::*;
    use brooklet_testkit::client::{PATIENCE, encode};
    use brooklet_testkit::server::Data;

    #[test]
    fn sigterm_answers_what_it_executed_and_ends_within_a_second() {
        let folder = tempfile::tempdir().unwrap();
        let mut server = super::super::start(Data::Durable(folder.path().into()), &[]);
        let writer = |name: &'static str| {
            let mut c = client(&server);
            std::thread::spawn(move || {
                let mut acknowledged = 0;
                let frames = encode(&["XADD", name, "*", "f", "v"]).repeat(50);
                while c.send_raw(&frames).is_ok() {
                    for _ in 0..50 {
                        match c.read(PATIENCE) {
                            Ok(reply) if !reply.is_error() => acknowledged += 1,
                            _ => return acknowledged,
                        }
                    }
                }
                acknowledged
            })
        };
        let writers: Vec<_> = ["a", "b", "c"].into_iter().map(writer).collect();
        std::thread::sleep(Duration::from_millis(500));
        let began = Instant::now();
        server.terminate().unwrap();
        assert!(began.elapsed() < Duration::from_secs(1), "{:?}", began.elapsed());
        let acknowledged: Vec<i64> = writers.into_iter().map(|w| w.join().unwrap()).collect();
        server.restart().unwrap();
        let mut c = client(&server);
        for (name, count) in ["a", "b", "c"].into_iter().zip(acknowledged) {
            let there = super::super::number(&mut c, &["XLEN", name]);
            // A batch may have been executed and not answered.
            assert!((count..=count + 50).contains(&there), "{name}: {count} acknowledged, {there} there");
        }
    }

    #[test]
    fn a_folder_in_use_is_explained() {
        let folder = tempfile::tempdir().unwrap();
        let _server = super::super::start(Data::Durable(folder.path().into()), &[]);
        let output = ends(&["--port", "0", "--dir", folder.path().to_str().unwrap()]);
        assert_eq!(output.status.code(), Some(1));
        assert!(said(&output).contains("in use by another process"), "{}", said(&output));
    }

    #[test]
    fn a_newer_format_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let mut server = super::super::start(Data::Durable(folder.path().into()), &[]);
        server.terminate().unwrap();
        let file = folder.path().join("FORMAT");
        let text = std::fs::read_to_string(&file).unwrap();
        std::fs::write(&file, text.replace(|c: char| c.is_ascii_digit(), "9")).unwrap();
        let output = ends(&["--port", "0", "--dir", folder.path().to_str().unwrap()]);
        assert_eq!(output.status.code(), Some(1));
        assert!(said(&output).contains("newer"), "{}", said(&output));
    }
}

#[cfg(feature = "rocksdb")]
#[test]
fn the_doctor_says_what_a_start_would_meet() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let dir = data.to_str().unwrap();
    let doctor = || {
        let output = ends(&["doctor", "--dir", dir]);
        (output.status.code(), String::from_utf8(output.stdout).unwrap())
    };
    let (code, said) = doctor();
    assert!(code == Some(0) && said.contains("holds no data yet") && !data.exists(), "{said}");
    let server = super::start(brooklet_testkit::server::Data::Durable(data.clone()), &[]);
    let (code, said) = doctor();
    assert!(code == Some(0) && said.contains("holds data of format 1, and a broker serves it"), "{said}");
    drop(server);
    assert!(doctor().1.contains("nobody serves it"));
    std::fs::write(data.join("FORMAT"), "2\n").unwrap();
    let (code, said) = doctor();
    assert!(code == Some(1) && said.contains("BAD   folder: the data was written in format 2"), "{said}");
}
