//! Writes the expected replies from the reference: each transcript is played in both protocols on new servers; replies
//! that are missing or no longer true are replaced, comments and everything that still holds stay.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use brooklet_testkit::server::Data;
use brooklet_testkit::{Protocol, Server, Target, Value, fields, loosen, merge, write};

use crate::answers::{Answers, Side};
use crate::run::check;
use crate::script::{Script, Step};
use crate::stage::Stage;

/// Why a group's lag may be another number than the reference's.
const LAG: &str = "differs: lag is the exact number of entries still to deliver";

/// What the reference said at one step.
struct Heard {
    reply: Value,
    /// The same with the lag of groups counted, which is what we answer.
    exact: Value,
    /// Whether what the file says of it holds.
    holds: bool,
}

/// Records all files whose name contains `filter`.
pub fn record(root: &Path, files: &[PathBuf], filter: Option<&str>) {
    let target = Target::reference().expect("recording needs the reference server");
    let mut failed = false;
    for file in files {
        let name = crate::name(root, file);
        if filter.is_some_and(|f| !name.contains(f)) {
            continue;
        }
        match one(file, &target) {
            Ok(0) => {}
            Ok(count) => println!("{name}: {count} replies written"),
            Err(why) => {
                failed = true;
                println!("{name}: {why}");
            }
        }
    }
    assert!(!failed, "some transcripts could not be recorded");
}

fn one(file: &Path, target: &Target) -> Result<usize, String> {
    let script = Script::read(file)?;
    if script.since.is_some() {
        return Ok(0);
    }
    let two = listen(&script, target, Protocol::Resp2)?;
    let three = listen(&script, target, Protocol::Resp3)?;
    let mut lines = script.lines.clone();
    let mut written = 0;
    // From the end, so that line numbers stay true.
    for step in script.steps.iter().rev() {
        let (Some(answers), Some(a), Some(b)) = (step.answers(), two.get(&step.line), three.get(&step.line)) else {
            continue;
        };
        if a.holds && b.holds {
            tidy(&mut lines, answers);
            continue;
        }
        written += 1;
        if rewrite(&mut lines, answers, a, b) && !lines[step.line.saturating_sub(1)].starts_with("differs: ") {
            lines.insert(step.line, LAG.to_owned());
        }
    }
    std::fs::write(file, lines.join("\n") + "\n").map_err(|e| e.to_string())?;
    Ok(written)
}

fn listen(script: &Script, target: &Target, protocol: Protocol) -> Result<HashMap<usize, Heard>, String> {
    let server = Server::start(target, Data::Volatile, &script.config).map_err(|e| e.to_string())?;
    let mut stage = Stage::open(&server, protocol)?;
    let mut heard = HashMap::new();
    for step in script.steps.iter().filter(|step| step.since.is_none()) {
        let reply = stage.perform(step).map_err(|why| format!("line {}: {why}", step.line + 1))?;
        if let (Some(reply), Some(answers)) = (reply, step.answers()) {
            let holds = check(&mut stage, step, answers, &reply, Side::Redis).is_ok();
            let reply = comparable(&stage, step, reply);
            let exact = counted(&server, &stage.command(&step.client), reply.clone());
            heard.insert(step.line, Heard { reply, exact, holds });
        }
    }
    Ok(heard)
}

fn comparable(stage: &Stage<'_>, step: &Step, reply: Value) -> Value {
    let command = stage.command(&step.client);
    let verb = command.first().cloned().unwrap_or_default();
    merge::as_pairs(&verb, loosen::loosen(&command, reply))
}

/// The lag of a group as the number of entries above its last delivered id.
fn counted(server: &Server, command: &[Vec<u8>], reply: Value) -> Value {
    if !command.first().is_some_and(|verb| verb.eq_ignore_ascii_case(b"XINFO")) {
        return reply;
    }
    let (Some(key), Ok(mut client)) = (command.get(2), server.connect(Protocol::Resp2)) else { return reply };
    fields::with_lag(reply, |last| {
        let start = format!("({last}");
        let above = client.call(&[b"XRANGE", key.as_slice(), start.as_bytes(), b"+"]).ok()?;
        Some(above.items().len() as i64)
    })
}

/// Puts what was heard in place of the answers; tells whether ours is another one.
fn rewrite(lines: &mut Vec<String>, answers: &Answers, two: &Heard, three: &Heard) -> bool {
    let mut text = both(&two.reply, &three.reply);
    // The answer that we give instead is ours to keep.
    let mut ours = kept(lines, answers);
    let counted = two.exact != two.reply && ours.is_empty();
    if counted {
        ours = both(&two.exact, &three.exact);
        ours.insert(0, "brooklet:".to_owned());
    }
    if !ours.is_empty() {
        text.insert(0, "redis:".into());
        text.extend(ours);
    }
    put(lines, answers, text);
    counted
}

/// Writes what holds in the usual form.
fn tidy(lines: &mut Vec<String>, answers: &Answers) {
    if let [(None, pattern)] = answers.given.as_slice() {
        put(lines, answers, write::lines(pattern));
    }
}

fn put(lines: &mut Vec<String>, answers: &Answers, mut text: Vec<String>) {
    if answers.head > 0 {
        let head = lines[answers.lines.start][..answers.head].to_owned();
        match text.len() {
            1 => text[0] = format!("{head} {}", text[0]),
            _ => text.insert(0, head),
        }
    }
    lines.splice(answers.lines.clone(), text);
}

fn both(two: &Value, three: &Value) -> Vec<String> {
    if let Some(pattern) = merge::merge(two, three) {
        return write::lines(&pattern);
    }
    let mut text = labelled("resp2:", two);
    text.extend(labelled("resp3:", three));
    text
}

fn labelled(label: &str, value: &Value) -> Vec<String> {
    let lines = write::lines(&write::exact(value));
    match lines.as_slice() {
        [one] => vec![format!("{label} {one}")],
        _ => std::iter::once(label.to_owned()).chain(lines).collect(),
    }
}

/// The lines from `brooklet:` on; by custom it stands last.
fn kept(lines: &[String], answers: &Answers) -> Vec<String> {
    let own = lines[answers.lines.clone()].iter().skip_while(|line| !line.starts_with("brooklet:"));
    own.cloned().collect()
}
