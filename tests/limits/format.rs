//! Data of every format opens for ever. For each there is a folder that a broker of that time left when it was killed
//! (`format/NUMBER/data/`) and what it answered then (`format/NUMBER/answers.txt`): some of it had settled, some stood in the
//! journal only.
//!
//! Who raises the format number records the new one: `BROOKLET_RECORD=1 cargo test --test limits -- format`.

use super::{call, client, start, target};
use brooklet_testkit::server::Data;
use brooklet_testkit::{Server, words, write};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What is in the checkpoint.
const SETTLED: &str = include_str!("format/settled.txt");
/// What is in the journal only.
const JOURNALLED: &str = include_str!("format/journalled.txt");
/// What is asked.
const QUESTIONS: &str = include_str!("format/questions.txt");

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/limits/format")
}

/// The calls of a file: one on each line, but for empty ones and comments. `{long}` stands for 20 000 letters.
fn calls(text: &str) -> impl Iterator<Item = Vec<Vec<u8>>> {
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.map(|line| words::split(&line.replace("{long}", &"long".repeat(5000))).unwrap())
}

fn run(server: &Server, text: &str) {
    let mut c = client(server);
    for words in calls(text) {
        let reply = c.call(&words).unwrap();
        assert!(!reply.is_error(), "{}: {reply:?}", words::join(&words));
    }
}

/// All questions with their answers.
fn answers(server: &Server) -> String {
    let (mut c, mut page) = (client(server), String::new());
    for words in calls(QUESTIONS) {
        let reply = c.call(&words).unwrap();
        writeln!(page, "> {}\n{}", words::join(&words), write::value(&reply)).unwrap();
    }
    page
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let (path, name) = entry.map(|entry| (entry.path(), entry.file_name())).unwrap();
        match path.is_dir() {
            true => copy(&path, &to.join(name)),
            false => drop(fs::copy(&path, to.join(name)).unwrap()),
        }
    }
}

/// Parts of the names of files that hold no data.
const NO_DATA: [&str; 5] = ["LOG", "LOCK", "OPTIONS", ".spare", ".log"];

/// Deletes what holds no data.
fn strip(folder: &Path) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() {
            strip(&path);
        } else if NO_DATA.iter().any(|part| name.contains(part)) {
            fs::remove_file(path).unwrap();
        }
    }
}

/// The format number that this program writes.
fn present() -> u32 {
    let folder = tempfile::tempdir().unwrap();
    drop(start(Data::Durable(folder.path().into()), &[]));
    fs::read_to_string(folder.path().join("FORMAT")).unwrap().trim().parse().unwrap()
}

fn record(number: u32) {
    let (folder, fixture) = (tempfile::tempdir().unwrap(), fixtures().join(number.to_string()));
    assert!(!fixture.exists(), "what an earlier program left stays as it is: {}", fixture.display());
    let mut server = start(Data::Durable(folder.path().into()), &["--journal-segment-bytes", "1mb"]);
    run(&server, SETTLED);
    call(&mut client(&server), &["SAVE"]);
    fs::remove_dir_all(folder.path().join("backups")).unwrap();
    run(&server, JOURNALLED);
    let page = answers(&server);
    server.kill().unwrap();
    copy(folder.path(), &fixture.join("data"));
    strip(&fixture.join("data"));
    fs::write(fixture.join("answers.txt"), page).unwrap();
}

fn is_sound(folder: &Path) {
    let checked = Command::new(target().program()).arg("check").arg(folder).output().unwrap();
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stdout));
}

#[test]
fn data_of_every_format_opens() {
    let present = present();
    if std::env::var_os("BROOKLET_RECORD").is_some() {
        record(present);
    }
    for number in 1..=present {
        let (folder, fixture) = (tempfile::tempdir().unwrap(), fixtures().join(number.to_string()));
        assert!(fixture.exists(), "there is no data of format {number}: record it");
        let expected = fs::read_to_string(fixture.join("answers.txt")).unwrap();
        copy(&fixture.join("data"), folder.path());
        is_sound(folder.path());
        let mut server = start(Data::Durable(folder.path().into()), &[]);
        assert_eq!(answers(&server), expected, "format {number}");
        // What came from the journal goes to disk in the present way.
        call(&mut client(&server), &["SAVE"]);
        server.kill().unwrap();
        is_sound(folder.path());
        server.restart().unwrap();
        assert_eq!(answers(&server), expected, "format {number}, settled");
    }
}
