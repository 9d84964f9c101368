//! One case: a copy of the folder, damaged; what a check says, what a server does, and whether that may be.

use std::fmt;
use std::io::Result;
use std::path::Path;
use std::process::{Command, Stdio};

use brooklet_testkit::server::Data;
use brooklet_testkit::{Protocol, Server, Target, Value};

use crate::damage::Case;
use crate::dump::{self, Dump, NO_REPLY, TAIL};
use crate::fill::{self, End, Folder, copy_folder};

/// How a case ended.
pub enum Outcome {
    /// All that was acknowledged is there.
    Served,
    /// The server did not start, and said why.
    Refused(String),
    /// It serves, and answers errors to some reads.
    ReadErrors(String),
    /// What must never be.
    Wrong(String),
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Outcome::Served => f.write_str("served"),
            Outcome::Refused(why) => write!(f, "refused: {why}"),
            Outcome::ReadErrors(why) => write!(f, "read errors: {why}"),
            Outcome::Wrong(why) => write!(f, "WRONG: {why}"),
        }
    }
}

/// Starts servers over damaged folders.
pub struct Judge {
    target: Target,
    knows_check: bool,
}

impl Judge {
    pub fn new(target: &Target) -> Judge {
        let help = Command::new(target.program()).arg("--help").env_remove("BROOKLET_UNDER_TEST").output();
        let text = help.map(|help| String::from_utf8_lossy(&help.stdout).into_owned()).unwrap_or_default();
        Judge { target: target.clone(), knows_check: text.contains("brooklet check") }
    }

    pub fn knows_check(&self) -> bool {
        self.knows_check
    }

    /// A folder without damage is sound, and a server over a copy of it answers what the last one did.
    pub fn is_sound(&self, folder: &Folder) -> std::result::Result<(), String> {
        let looked = || -> Result<String> {
            let scratch = tempfile::tempdir()?;
            let copy = scratch.path().join("data");
            copy_folder(&folder.path, &copy)?;
            if self.knows_check {
                let (code, said) = self.check(&copy)?;
                if code != Some(0) {
                    return Ok(format!("`brooklet check` ended with {code:?}: {said}"));
                }
            }
            Ok(match self.start(&copy)? {
                Ok(mut server) => differs(folder, &self.look(&mut server)?, false).unwrap_or_default(),
                Err(refused) => refused,
            })
        };
        match looked().map_err(|why| why.to_string())? {
            wrong if !wrong.is_empty() => Err(format!("the folder that was {}, undamaged: {wrong}", folder.name())),
            _ => Ok(()),
        }
    }

    /// Does the damage to a copy and looks what becomes of it.
    pub fn judge(&self, folder: &Folder, case: &Case) -> Result<Outcome> {
        let scratch = tempfile::tempdir()?;
        let copy = scratch.path().join("data");
        copy_folder(&folder.path, &copy)?;
        case.happen(&copy)?;
        let checked = if self.knows_check { Some(self.check(&copy)?) } else { None };
        let outcome = match self.start(&copy)? {
            Ok(mut server) => {
                let seen = self.look(&mut server)?;
                self.served(folder, case, &seen, &mut server)
            }
            Err(refused) => self.refused(folder, case, &copy, refused)?,
        };
        Ok(match (outcome, checked) {
            (Outcome::Refused(why) | Outcome::ReadErrors(why), Some((code, said))) if code != Some(1) => {
                Outcome::Wrong(format!("`brooklet check` ended with {code:?}: {said}\nbut the server: {why}"))
            }
            (outcome, Some((code, said))) if code.is_none_or(|code| code > 1) || said.contains("panicked") => {
                Outcome::Wrong(format!("`brooklet check` ended with {code:?}: {said}\nand the server: {outcome}"))
            }
            (outcome, _) => outcome,
        })
    }

    fn check(&self, folder: &Path) -> Result<(Option<i32>, String)> {
        let checked = Command::new(self.target.program())
            .arg("check")
            .arg(folder)
            .env_remove("BROOKLET_UNDER_TEST")
            .stdin(Stdio::null())
            .output()?;
        let said = [checked.stdout, checked.stderr].concat();
        Ok((checked.status.code(), String::from_utf8_lossy(&said).into_owned()))
    }

    /// A server over the folder, or its last words.
    fn start(&self, folder: &Path) -> Result<std::result::Result<Server, String>> {
        Ok(Server::start(&self.target, Data::Durable(folder.into()), &fill::flags()).map_err(|why| why.to_string()))
    }

    fn look(&self, server: &mut Server) -> Result<Dump> {
        Ok(dump::look(&mut server.connect(Protocol::Resp2)?))
    }

    fn served(&self, folder: &Folder, case: &Case, seen: &Dump, server: &mut Server) -> Outcome {
        // A server that does not reply ends; asked to end in good order, it says how it did.
        let is_over = seen.replies.values().any(|reply| reply.as_ref().is_err_and(|why| why.starts_with(NO_REPLY)));
        let ended = if is_over { server.terminate().err().map(|why| why.to_string()) } else { None };
        let output = server.output();
        if output.contains("panicked") {
            return Outcome::Wrong(output);
        }
        // What was acknowledged and not synced when the server was killed stands at the end of the newest segment only.
        let end_may_go = folder.end == End::Killed && case.kind == "newest segment";
        if let Some(why) = differs(folder, seen, end_may_go) {
            return Outcome::Wrong(format!("{why}\n{output}"));
        }
        let errors: Vec<&String> = seen.replies.values().filter_map(|reply| reply.as_ref().err()).collect();
        match (ended, errors.first()) {
            // Damage that is met by a read ends the process, with a code of its own.
            (Some(ended), _) if ended.contains("exit status: 3") => Outcome::ReadErrors(last_words(&output)),
            (Some(ended), _) => Outcome::Wrong(format!("it ended: {ended}")),
            (None, Some(first)) => Outcome::ReadErrors(format!("{} errors, such as {first}", errors.len())),
            (None, None) => Outcome::Served,
        }
    }

    fn refused(&self, folder: &Folder, case: &Case, copy: &Path, why: String) -> Result<Outcome> {
        let message = last_words(&why);
        if !why.contains("exit status: 1") || why.contains("panicked") || message.is_empty() {
            return Ok(Outcome::Wrong(format!("no orderly refusal: {why}")));
        }
        // What is wrong, and where: the file, or the one that does not fit to it in the same folder.
        let beside = case.file.parent().filter(|parent| !parent.as_os_str().is_empty());
        let beside = beside.map(|parent| format!("data/{}", parent.display()));
        let parts = [case.file.file_name().unwrap_or_default().to_string_lossy().into_owned()];
        if !parts.iter().chain(&beside).any(|part| message.contains(part)) {
            return Ok(Outcome::Wrong(format!("the message names no file: {message}")));
        }
        std::fs::copy(folder.path.join(&case.file), copy.join(&case.file))?;
        Ok(match self.start(copy)? {
            Ok(mut server) => match differs(folder, &self.look(&mut server)?, false) {
                None => Outcome::Refused(message),
                Some(why) => Outcome::Wrong(format!("{message}\nand with the file put back: {why}")),
            },
            Err(why) => Outcome::Wrong(format!("{message}\nand with the file put back: {why}")),
        })
    }
}

/// Where a server answers something else than it should; errors are no answers. `end_may_go`: the end of one list may be
/// missing.
fn differs(folder: &Folder, seen: &Dump, end_may_go: bool) -> Option<String> {
    for (question, reply) in &folder.expected.replies {
        let (Ok(expected), Some(Ok(seen))) = (reply, seen.replies.get(question)) else { continue };
        if expected == seen {
            continue;
        }
        if end_may_go && question == TAIL && is_beginning(seen, expected) {
            continue;
        }
        return Some(format!("{question}: {} expected {}", brief(seen), brief(expected)));
    }
    // Who answers nothing at all must have said why.
    seen.replies.is_empty().then(|| "no reply to anything".to_owned())
}

/// What a program said of its end.
fn last_words(output: &str) -> String {
    output.lines().filter(|line| line.starts_with("brooklet: ")).collect::<Vec<_>>().join("\n")
}

fn is_beginning(seen: &Value, expected: &Value) -> bool {
    expected.items().starts_with(&seen.items()) && seen.items().len() + 40 >= expected.items().len()
}

fn brief(value: &Value) -> String {
    let mut text = format!("{} items, {value:?}", value.items().len());
    text.truncate(text.floor_char_boundary(200));
    text
}
