//! The README's sixty seconds, executed as they stand there: each command goes through redis-cli to our server, and what
//! they print must be what the README shows, but for the ids.

use std::collections::HashMap;
use std::fs::{File, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use brooklet_testkit::server::Data;
use brooklet_testkit::{Server, Target};

const README: &str = include_str!("../../README.md");
const HEADING: &str = "## Sixty seconds with redis-cli";

/// Runs it. `reference` is asked for its redis-cli only.
pub fn run(ours: &Target, reference: &Target) -> Result<(), String> {
    let part = README.split_once(HEADING).ok_or("the README has no such part")?.1;
    let (commands, printed) = (block(part, "sh")?, block(part, "text")?);
    let folder = tempfile::tempdir().map_err(|e| e.to_string())?;
    let server = Server::start(ours, Data::Volatile, &[]).map_err(|e| e.to_string())?;
    let client = reference.program().with_file_name("redis-cli");
    wrap(&client, server.address().port(), &folder.path().join("redis-cli")).map_err(|e| e.to_string())?;
    let output = play(commands, folder.path()).map_err(|e| e.to_string())?;
    match numbered(&output) == numbered(printed) {
        true => Ok(()),
        false => Err(format!("the README shows\n{printed}\nit prints\n{output}")),
    }
}

fn block<'a>(text: &'a str, language: &str) -> Result<&'a str, String> {
    let found = text.split_once(&format!("```{language}\n")).and_then(|(_, rest)| rest.split_once("```"));
    found.map(|(block, _)| block).ok_or(format!("no block of {language}"))
}

/// A `redis-cli` that asks our server. Into a file, which stands for the terminal, it prints as it does on one.
fn wrap(client: &Path, port: u16, wrapper: &Path) -> std::io::Result<()> {
    let script = format!(
        "#!/bin/sh\n[ -f /dev/stdout ] && set -- --no-raw \"$@\"\nexec '{}' -p {port} \"$@\"\n",
        client.display()
    );
    std::fs::write(wrapper, script)?;
    std::fs::set_permissions(wrapper, Permissions::from_mode(0o755))
}

fn play(commands: &str, folder: &Path) -> std::io::Result<String> {
    let path = format!("{}:{}", folder.display(), std::env::var("PATH").unwrap_or_default());
    let terminal = folder.join("terminal");
    let out = File::create(&terminal)?;
    let shell =
        Command::new("sh").args(["-euc", commands]).env("PATH", path).stderr(out.try_clone()?).stdout(out).status()?;
    let text = std::fs::read_to_string(&terminal)?;
    if shell.success() { Ok(text) } else { Ok(format!("{text}\nand the shell ended with {shell}")) }
}

/// Each line without trailing blanks, ids replaced by the order in which they appear.
fn numbered(text: &str) -> Vec<String> {
    let mut seen = HashMap::new();
    let mut word = |word: &str| {
        let count = seen.len();
        if is_id(word) { format!("id{}", seen.entry(word.to_owned()).or_insert(count)) } else { word.to_owned() }
    };
    text.lines().map(|line| line.trim_end().split('"').map(&mut word).collect::<Vec<_>>().join("\"")).collect()
}

fn is_id(word: &str) -> bool {
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    word.split_once('-').is_some_and(|(ms, seq)| digits(ms) && digits(seq))
}
