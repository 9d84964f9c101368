//! Writes the expected replies from the reference: each transcript is played in both protocols on new servers; replies
//! that are missing or no longer true are replaced, comments and everything that still holds stay.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use brooklet_testkit::server::Data;
use brooklet_testkit::{Protocol, Server, Target, Value, loosen, merge, write};

use crate::answers::{Answers, Side};
use crate::run::check;
use crate::script::{Script, Step};
use crate::stage::Stage;

/// A reply, and whether what the file says of it holds.
type Heard = HashMap<usize, (Value, bool)>;

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
        let (Some(answers), Some((a, true_in_two)), Some((b, true_in_three))) =
            (step.answers(), two.get(&step.line), three.get(&step.line))
        else {
            continue;
        };
        if !(*true_in_two && *true_in_three) {
            rewrite(&mut lines, answers, a, b);
            written += 1;
        }
    }
    std::fs::write(file, lines.join("\n") + "\n").map_err(|e| e.to_string())?;
    Ok(written)
}

fn listen(script: &Script, target: &Target, protocol: Protocol) -> Result<Heard, String> {
    let server = Server::start(target, Data::Volatile, &script.config).map_err(|e| e.to_string())?;
    let mut stage = Stage::open(&server, protocol)?;
    let mut heard = Heard::new();
    for step in script.steps.iter().filter(|step| step.since.is_none()) {
        let reply = stage.perform(step).map_err(|why| format!("line {}: {why}", step.line + 1))?;
        if let (Some(reply), Some(answers)) = (reply, step.answers()) {
            let holds = check(&mut stage, step, answers, &reply, Side::Redis, protocol).is_ok();
            heard.insert(step.line, (comparable(&stage, step, reply), holds));
        }
    }
    Ok(heard)
}

fn comparable(stage: &Stage<'_>, step: &Step, reply: Value) -> Value {
    let command = stage.command(&step.client);
    let verb = command.first().cloned().unwrap_or_default();
    merge::as_pairs(&verb, loosen::loosen(&command, reply))
}

fn rewrite(lines: &mut Vec<String>, answers: &Answers, two: &Value, three: &Value) {
    let (two, three) = (two, three);
    let mut text = match merge::merge(two, three) {
        Some(pattern) => write::lines(&pattern),
        None => {
            let mut text = labelled("resp2:", two);
            text.extend(labelled("resp3:", three));
            text
        }
    };
    // The answer that we give instead is ours to keep.
    let ours: Vec<String> = kept(lines, answers);
    if !ours.is_empty() {
        text.insert(0, "redis:".into());
        text.extend(ours);
    }
    if answers.head > 0 {
        let head = lines[answers.lines.start][..answers.head].to_owned();
        match text.len() {
            1 => text[0] = format!("{head} {}", text[0]),
            _ => text.insert(0, head),
        }
    }
    lines.splice(answers.lines.clone(), text);
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
