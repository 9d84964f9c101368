//! The text of a transcript, line by line:
//!
//! ```text
//! # A sentence about the case.
//! since 8.2                      this block (or, before the first command, the file) is not for the 8.0 reference
//! differs: <why>                 the answers `redis:` and `brooklet:` are wanted to differ
//! config: --name value           flags of the server for this file
//! > XADD s 1-1 f v               a command of the client `main`, in redis-cli's quoting; $id is replaced
//! "1-1"                          its reply, as `brooklet_testkit::notation` reads it, on one line or several
//! @b> XREAD BLOCK 0 STREAMS s $  a command of another client
//! @b waits                       it gets no reply (for now)
//! @b< 1) ...                     the reply or push that it gets now
//! @b raw> "PING\r\n"             bytes as they are; @b closed: the server hangs up
//! pause 20ms                     time passes
//! resp2: / resp3: / redis: / brooklet:   before a reply: whose reply it is
//! ```
//!
//! Blocks are separated by empty lines. Every file starts from FLUSHALL with new connections.

use std::path::{Path, PathBuf};
use std::time::Duration;

use brooklet_testkit::{Args, words};

use crate::answers::Answers;

/// A parsed transcript; `lines` is the whole text, for recording.
#[derive(Debug)]
pub struct Script {
    pub path: PathBuf,
    pub lines: Vec<String>,
    pub steps: Vec<Step>,
    pub config: Vec<String>,
    pub since: Option<String>,
}

/// One thing that happens. `line` counts from 0.
#[derive(Debug)]
pub struct Step {
    pub line: usize,
    pub since: Option<String>,
    pub client: String,
    pub action: Action,
}

#[derive(Debug)]
pub enum Action {
    /// No answers: the next step says that the client waits, or that the server hangs up.
    Send(Args, Option<Answers>),
    Raw(Vec<u8>, Option<Answers>),
    Read(Answers),
    Waits,
    Closed,
    Pause(Duration),
}

impl Script {
    /// Reads and parses a file.
    pub fn read(path: &Path) -> Result<Self, String> {
        let text = std::fs::read_to_string(path).map_err(|e| format!("{}: {e}", path.display()))?;
        let script = Self {
            path: path.to_path_buf(),
            lines: text.lines().map(str::to_owned).collect(),
            steps: Vec::new(),
            config: Vec::new(),
            since: None,
        };
        Reader { script, at: 0, since: None }.read()
    }
}

struct Reader {
    script: Script,
    at: usize,
    since: Option<String>,
}

impl Reader {
    fn read(mut self) -> Result<Script, String> {
        while self.at < self.script.lines.len() {
            let line = self.at;
            self.line().map_err(|why| format!("{}:{}: {why}", self.script.path.display(), line + 1))?;
        }
        Ok(self.script)
    }

    fn line(&mut self) -> Result<(), String> {
        let line = self.script.lines[self.at].trim_end().to_owned();
        if line.is_empty() {
            self.end_block();
        } else if let Some(version) = line.strip_prefix("since ") {
            self.since = Some(version.to_owned());
        } else if let Some(flags) = line.strip_prefix("config: ") {
            let flags = words::split(flags)?;
            self.script.config.extend(flags.iter().map(|f| String::from_utf8_lossy(f).into_owned()));
        } else if let Some(rest) = line.strip_prefix("pause ") {
            let ms = rest.strip_suffix("ms").and_then(|n| n.parse().ok()).ok_or("a pause is `pause 20ms`")?;
            self.push("", Action::Pause(Duration::from_millis(ms)));
        } else if let Some(command) = line.strip_prefix("> ") {
            return self.send("main", command);
        } else if let Some(bytes) = line.strip_prefix("raw> ") {
            return self.raw("main", bytes);
        } else if let Some(rest) = line.strip_prefix('@') {
            return self.named(rest);
        } else if !(line.starts_with('#') || line.starts_with("differs: ")) {
            return Err("a reply without its command".into());
        }
        self.at += 1;
        Ok(())
    }

    /// A version that is named before the first command, in a block of its own, is that of the whole file.
    fn end_block(&mut self) {
        if let Some(version) = self.since.take()
            && self.script.steps.is_empty()
        {
            self.script.since = Some(version);
        }
    }

    fn push(&mut self, client: &str, action: Action) {
        let since = self.since.clone().or_else(|| self.script.since.clone());
        self.script.steps.push(Step { line: self.at, since, client: client.to_owned(), action });
    }

    fn named(&mut self, rest: &str) -> Result<(), String> {
        let end = rest.find(|c: char| !c.is_alphanumeric()).ok_or("a client's name and then what it does")?;
        let (client, what) = rest.split_at(end);
        match what {
            " waits" => self.push(client, Action::Waits),
            " closed" => self.push(client, Action::Closed),
            _ => {
                if let Some(command) = what.strip_prefix("> ") {
                    return self.send(client, command);
                }
                if let Some(bytes) = what.strip_prefix(" raw> ") {
                    return self.raw(client, bytes);
                }
                let answer = what.strip_prefix('<').ok_or("no such thing to do")?;
                let head = self.script.lines[self.at].len() - answer.len();
                let (answers, next) = Answers::read(&self.script.lines, self.at, head)?;
                self.push(client, Action::Read(answers));
                self.at = next;
                return Ok(());
            }
        }
        self.at += 1;
        Ok(())
    }

    fn send(&mut self, client: &str, command: &str) -> Result<(), String> {
        let args = words::split(command)?;
        let (answers, next) = self.answers(client)?;
        self.push(client, Action::Send(args, answers));
        self.at = next;
        Ok(())
    }

    fn raw(&mut self, client: &str, bytes: &str) -> Result<(), String> {
        let (bytes, _) = words::quoted(bytes.as_bytes())?;
        let (answers, next) = self.answers(client)?;
        self.push(client, Action::Raw(bytes, answers));
        self.at = next;
        Ok(())
    }

    /// The reply of the command on this line, unless its client waits or is hung up on next.
    fn answers(&self, client: &str) -> Result<(Option<Answers>, usize), String> {
        let next = self.script.lines.get(self.at + 1).map_or("", |l| l.trim_end());
        if next == format!("@{client} waits") || next == format!("@{client} closed") {
            return Ok((None, self.at + 1));
        }
        let (answers, next) = Answers::read(&self.script.lines, self.at + 1, 0)?;
        Ok((Some(answers), next))
    }
}
