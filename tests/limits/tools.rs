//! redis-cli and redis-benchmark, as built with the reference server, in their everyday modes.

use super::{call, client, start, target, text, volatile};
use brooklet_testkit::server::Data;
use brooklet_testkit::{Server, Target};
use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Output, Stdio};
use std::time::Duration;

/// A tool that stands beside the reference server.
fn tool(name: &str) -> Command {
    let reference = Target::reference().unwrap_or_else(|why| panic!("{name} is missing: {why}"));
    Command::new(reference.program().with_file_name(name))
}

/// redis-cli that writes each line at once, as it does on a terminal.
fn cli_by_lines(server: &Server, args: &[&str]) -> Command {
    let plain = cli(server, args);
    let mut command = Command::new("stdbuf");
    command.arg("-oL").arg(plain.get_program()).args(plain.get_args());
    command
}

fn cli(server: &Server, args: &[&str]) -> Command {
    let mut command = tool("redis-cli");
    command.args(["-h", "127.0.0.1", "-p", &server.address().port().to_string()]).args(args);
    command
}

fn with_input(mut command: Command, input: &[u8]) -> Output {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    child.wait_with_output().unwrap()
}

fn clean(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{output:?}");
    assert!(output.stderr.is_empty(), "{output:?}");
    text
}

/// What a mode that never ends has printed after `time`.
fn for_a_while(mut command: Command, time: Duration) -> String {
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    std::thread::sleep(time);
    let _ = child.kill();
    let output = child.wait_with_output().unwrap();
    assert!(output.stderr.is_empty(), "{output:?}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn redis_cli_takes_commands_from_its_input() {
    let server = volatile(&[]);
    for protocol in ["-2", "-3"] {
        let script = b"DEL s\nXADD s 1-1 f v\nXRANGE s - +\nXINFO STREAM s\nNOSUCH\nSELECT 3\nSET k v\nGET k\n";
        let output = with_input(cli(&server, &[protocol]), script);
        let text = clean(&output);
        assert!(text.contains("1-1") && text.contains("recorded-first-entry-id"), "{text}");
        assert!(text.contains("ERR unknown command 'NOSUCH'"), "{text}");
        assert!(text.trim_end().ends_with('v'), "{text}");
    }
}

#[test]
fn redis_cli_pipe_sends_everything() {
    let folder = tempfile::tempdir().unwrap();
    let mut flags = vec![];
    let data = if cfg!(feature = "rocksdb") { Data::Durable(folder.path().into()) } else { Data::Volatile };
    flags.extend(["--port", "0"]);
    let server = start(data, &flags);
    let mut input = Vec::new();
    for i in 0..100_000 {
        write!(input, "*5\r\n$4\r\nXADD\r\n$1\r\ns\r\n$1\r\n*\r\n$1\r\nf\r\n$6\r\n{i:06}\r\n").unwrap();
    }
    let text = clean(&with_input(cli(&server, &["--pipe"]), &input));
    assert!(text.contains("errors: 0, replies: 100000"), "{text}");
    assert_eq!(super::number(&mut client(&server), &["XLEN", "s"]), 100_000);
}

#[test]
fn redis_cli_scans() {
    let server = volatile(&[]);
    let mut c = client(&server);
    for i in 0..300 {
        call(&mut c, &["SET", &format!("key:{i}"), "v"]);
        call(&mut c, &["XADD", "stream", "*", "f", "v"]);
    }
    let mut found: Vec<String> =
        clean(&with_input(cli(&server, &["--scan", "--pattern", "key:*"]), b"")).lines().map(str::to_owned).collect();
    found.sort();
    found.dedup();
    assert_eq!(found.len(), 300);
    let big = clean(&with_input(cli(&server, &["--bigkeys"]), b""));
    assert!(big.contains("Biggest stream found") && big.contains("has 300 entries"), "{big}");
    assert!(big.contains("300 strings with"), "{big}");
    let memory = clean(&with_input(cli(&server, &["--memkeys"]), b""));
    assert!(memory.contains("Biggest stream found"), "{memory}");
}

#[test]
fn redis_cli_watches() {
    let server = volatile(&[]);
    let stat = for_a_while(cli_by_lines(&server, &["--stat", "-i", "0.1"]), Duration::from_millis(700));
    assert!(stat.contains("keys") && stat.lines().count() >= 3, "{stat}");
    let latency = for_a_while(cli_by_lines(&server, &["--latency", "--raw", "-i", "0.3"]), Duration::from_secs(1));
    assert!(!latency.contains("ERR"), "{latency}");
    let history = for_a_while(cli_by_lines(&server, &["--latency-history", "-i", "1"]), Duration::from_millis(1500));
    assert!(history.contains("seconds range"), "{history}");
    let spectrum = for_a_while(cli_by_lines(&server, &["--latency-dist", "-i", "0.3"]), Duration::from_secs(1));
    assert!(spectrum.lines().count() > 1 && !spectrum.contains("ERR"), "{spectrum}");
    let interactive = with_input(cli(&server, &["--no-raw"]), b"PING\nHELP XADD\nCLIENT LIST\nQUIT\n");
    assert!(clean(&interactive).contains("PONG"), "{interactive:?}");
}

/// What redis-benchmark says with `args`, which must have gone well.
fn benchmark(server: &Server, args: &[&str]) -> String {
    let mut command = tool("redis-benchmark");
    command.args(["-h", "127.0.0.1", "-p", &server.address().port().to_string()]).args(args).stdin(Stdio::null());
    let text = clean(&command.output().unwrap());
    assert!(!text.to_lowercase().contains("err") && !text.contains("WARNING"), "{args:?}: {text}");
    text
}

#[test]
fn redis_cli_monitors() {
    let server = volatile(&[]);
    let mut watching = cli_by_lines(&server, &["MONITOR"]).stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(watching.stdout.take().unwrap()).lines().map(Result::unwrap);
    assert_eq!(lines.next().as_deref(), Some("OK"));
    let mut c = client(&server);
    call(&mut c, &["SET", "key", "a \"b\""]);
    call(&mut c, &["XADD", "s", "1-1", "f", "v"]);
    let seen: Vec<String> = lines.by_ref().take(2).collect();
    assert!(
        seen[0].ends_with(r#"] "SET" "key" "a \"b\"""#) && seen[1].ends_with(r#"] "XADD" "s" "1-1" "f" "v""#),
        "{seen:?}"
    );
    watching.kill().unwrap();
    watching.wait().unwrap();
}

#[test]
fn redis_cli_is_told_clearly_what_is_not_there() {
    let server = volatile(&[]);
    let mut c = client(&server);
    call(&mut c, &["SET", "k", "v"]);
    // Its hot keys need a policy that counts uses; its replica, dump and function modes need what is not here.
    for (mode, said) in [
        ("--hotkeys", "An LFU maxmemory policy is not selected"),
        ("--replica", "unknown command"),
        ("--rdb=-", "unknown command"),
    ] {
        let args: Vec<&str> = mode.split('=').collect();
        let output = with_input(cli(&server, &args), b"");
        let text = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        assert!(text.contains(said), "{mode}: {text}");
    }
}

#[test]
fn redis_benchmark_runs_clean() {
    let server = volatile(&[]);
    for args in [
        &["-P", "16", "-c", "20", "-t", "set,get"][..],
        &["-r", "1000", "-c", "5", "-t", "incr"],
        &["--threads", "2", "-d", "1000", "-t", "set,get,lpush,xadd"],
        &["-3", "--enable-tracking", "-r", "100", "-t", "get,set"],
        &["-r", "1000", "XADD", "stream:__rand_int__", "*", "f", "v"],
        &["EVAL", "return redis.call('INCR', KEYS[1])", "1", "n"],
    ] {
        let eval = args[0] == "EVAL" && !cfg!(feature = "scripting");
        if !eval {
            let said = benchmark(&server, &[&["-q", "-n", "2000"][..], args].concat());
            assert!(said.contains("requests per second"), "{args:?}: {said}");
        }
    }
    assert!(text(&mut client(&server), &["INFO", "server"]).contains("redis_version"));
    assert!(target().program().exists());
}

/// (redis-benchmark --cluster wants at least two nodes.)
#[test]
fn redis_cli_finds_a_cluster_of_one_node() {
    let server = volatile(&["--cluster-enabled", "yes"]);
    let address = server.address().to_string();
    for way in ["check", "info"] {
        let output = with_input(cli(&server, &["--cluster", way, &address]), b"");
        let said = clean(&output);
        assert!(said.contains("1 masters") || said.contains("1 primaries"), "{said}");
        let is_whole = said.contains("[OK] All 16384 slots covered.");
        assert!((way == "info" || is_whole) && !said.contains("ERR"), "{said}");
    }
    let lines = b"SET a 1\nGET a\nSET b 2\nMGET a b\nGET b\n";
    let said = clean(&with_input(cli(&server, &["-c"]), lines));
    assert_eq!(said, "OK\n1\nOK\nCROSSSLOT Keys in request don't hash to the same slot\n\n2\n");
}

/// Without `-t` it runs all its tests, and stops at the first error.
#[test]
fn redis_benchmark_runs_all_its_tests() {
    let reference = Target::reference().unwrap();
    let reference = Server::start(&reference, Data::Volatile, &[]).unwrap();
    let names = |server: &Server, args: &[&str]| -> Vec<String> {
        let said = benchmark(server, &[&["--csv", "-n", "1000"][..], args].concat());
        said.lines().map(|line| line.split(',').next().unwrap_or_default().to_owned()).collect()
    };
    let all = names(&reference, &[]);
    assert!(all.len() > 20 && all.contains(&"\"XADD\"".to_owned()), "{all:?}");
    let server = volatile(&[]);
    for args in [&[][..], &["-3"], &["-P", "8", "-r", "500"]] {
        assert_eq!(names(&server, args), all, "{args:?}");
    }
}
