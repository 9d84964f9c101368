//! MONITOR: a line about every call, for those who asked to see them all. What is for administrators is not shown, nor are
//! passwords.

use super::Engine;
use super::client::ClientId;
use super::mailbox::Message;
use crate::command::args::Args;
use crate::command::spec::{Flag, Spec};
use crate::reply::Reply;
use std::collections::BTreeSet;
use std::fmt::Write;

/// Who made a call.
#[derive(Clone, Copy, Debug)]
pub enum Caller<'a> {
    /// A client with this address.
    Address(&'a str),
    /// A script.
    Script,
}

/// The clients that see all calls.
pub type Monitors = BTreeSet<ClientId>;

impl Engine {
    /// Whether somebody sees all calls.
    #[inline]
    pub fn is_monitored(&self) -> bool {
        !self.monitors.is_empty()
    }

    /// Begins to show all calls to a client; whether it did not see them before.
    pub fn monitor(&mut self, client: ClientId) -> bool {
        let begun = self.monitors.insert(client);
        self.note_monitor(client);
        begun
    }

    /// Ends that.
    pub fn unmonitor(&mut self, client: ClientId) {
        self.monitors.remove(&client);
        self.note_monitor(client);
    }

    fn note_monitor(&mut self, client: ClientId) {
        let monitor = self.monitors.contains(&client);
        if let Some(c) = self.clients.get_mut(client) {
            c.monitor = monitor;
        }
    }

    /// Shows a call to all who watch but for those that want no replies.
    pub fn show_call(&mut self, db: u32, caller: Caller<'_>, spec: &Spec, args: Args<'_>) {
        if spec.has(Flag::Admin) || spec.has(Flag::SkipMonitor) {
            return;
        }
        let secret = |i: usize| match spec.name {
            "auth" => i > 0,
            "hello" => is_behind_auth(args, i),
            _ => false,
        };
        let args = args.iter().enumerate().map(|(i, arg)| if secret(i) { b"(redacted)" } else { arg });
        self.show(line(self.clock.now_us(), db, caller, args));
    }

    /// Shows a call that is not counted now: of a script, before those that the script makes; one that was refused.
    pub fn show_early(&mut self, client: ClientId, args: Args<'_>) {
        if self.is_monitored()
            && let Some(c) = self.clients.get(client)
        {
            self.show(line(self.clock.now_us(), c.db, Caller::Address(&c.addr), args.iter()));
        }
    }

    fn show(&mut self, line: String) {
        let message = Message::new(Reply::Status(line.into()));
        for id in self.monitors.clone() {
            if self.clients.get(id).is_some_and(|c| !c.is_silent()) {
                self.deliver(id, &message);
            }
        }
    }
}

/// Whether an argument of HELLO is the name or the password.
pub fn is_behind_auth(args: Args<'_>, i: usize) -> bool {
    i > 2 && args.up_to(i).iter().rev().take(2).any(|word| word.eq_ignore_ascii_case(b"AUTH"))
}

/// `seconds.micros [db address] "verb" "argument" ...`
fn line<'a>(now_us: i64, db: u32, caller: Caller<'_>, args: impl Iterator<Item = &'a [u8]>) -> String {
    let caller = match caller {
        Caller::Address(address) => address,
        Caller::Script => "lua",
    };
    let mut line = format!("{}.{:06} [{db} {caller}]", now_us / 1_000_000, now_us % 1_000_000);
    for arg in args {
        line.push(' ');
        quote(arg, &mut line);
    }
    line
}

/// As redis-cli shows a string.
fn quote(arg: &[u8], line: &mut String) {
    line.push('"');
    for byte in arg {
        match byte {
            b'"' | b'\\' => line.extend(['\\', char::from(*byte)]),
            b'\n' => line.push_str("\\n"),
            b'\r' => line.push_str("\\r"),
            b'\t' => line.push_str("\\t"),
            7 => line.push_str("\\a"),
            8 => line.push_str("\\b"),
            b' '..=b'~' => line.push(char::from(*byte)),
            other => {
                let _ = write!(line, "\\x{other:02x}");
            }
        }
    }
    line.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_quotes_what_could_break_it() {
        let args: [&[u8]; 3] = [b"SET", b"a \"b\\", b"\x01\r\n\xff"];
        let shown = line(1_700_000_000_000_042, 3, Caller::Address("1.2.3.4:5"), args.into_iter());
        assert_eq!(shown, r#"1700000000.000042 [3 1.2.3.4:5] "SET" "a \"b\\" "\x01\r\n\xff""#);
        assert!(line(0, 0, Caller::Script, args.into_iter()).starts_with("0.000000 [0 lua] "));
    }
}
