//! Where a transcript happens: a server with its clients, and the names bound so far.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::thread::sleep;
use std::time::Duration;

use brooklet_testkit::client::{NoReply, PATIENCE};
use brooklet_testkit::{Args, Bindings, Client, Protocol, Server, Value};

use crate::script::{Action, Step};

/// How long silence must last to be believed.
const QUIET: Duration = Duration::from_millis(70);

pub struct Stage<'a> {
    server: &'a Server,
    protocol: Protocol,
    clients: HashMap<String, Peer>,
    pub names: Bindings,
}

/// A client of the transcript: its connection, its last command and what it speaks by now.
struct Peer {
    client: Client,
    command: Args,
    protocol: Protocol,
}

impl<'a> Stage<'a> {
    /// An empty server and no clients yet.
    pub fn open(server: &'a Server, protocol: Protocol) -> Result<Self, String> {
        let mut broom = server.connect(Protocol::Resp2).map_err(|e| e.to_string())?;
        match broom.call(&["FLUSHALL"]) {
            // A server that asks for a password is new and therefore empty.
            Ok(Value::Simple(_) | Value::Error(_)) => {
                Ok(Self { server, protocol, clients: HashMap::new(), names: Bindings::new() })
            }
            other => Err(format!("FLUSHALL was answered {other:?}")),
        }
    }

    /// Does one step; the reply if the step has one.
    pub fn perform(&mut self, step: &Step) -> Result<Option<Value>, String> {
        match &step.action {
            Action::Pause(time) => sleep(*time),
            Action::Waits => return self.waits(&step.client),
            Action::Closed => return self.closed(&step.client),
            Action::Read(_) => return self.read(&step.client).map(Some),
            Action::Send(args, answers) => {
                let args = self.replace(args);
                self.client(&step.client)?.send(&args).map_err(because)?;
                self.peer(&step.client)?.command = args;
                if answers.is_some() {
                    return self.read(&step.client).map(Some);
                }
            }
            Action::Raw(bytes, answers) => {
                self.client(&step.client)?.send_raw(bytes).map_err(because)?;
                if answers.is_some() {
                    return self.read(&step.client).map(Some);
                }
            }
        }
        Ok(None)
    }

    /// The last command of a client.
    pub fn command(&self, client: &str) -> Args {
        self.clients.get(client).map(|peer| peer.command.clone()).unwrap_or_default()
    }

    /// What a client speaks by now.
    pub fn protocol(&self, client: &str) -> Protocol {
        self.clients.get(client).map_or(self.protocol, |peer| peer.protocol)
    }

    fn peer(&mut self, name: &str) -> Result<&mut Peer, String> {
        match self.clients.entry(name.to_owned()) {
            Entry::Occupied(entry) => Ok(entry.into_mut()),
            Entry::Vacant(entry) => {
                let client = self.server.connect(self.protocol).map_err(|e| e.to_string())?;
                Ok(entry.insert(Peer { client, command: Args::new(), protocol: self.protocol }))
            }
        }
    }

    fn client(&mut self, name: &str) -> Result<&mut Client, String> {
        self.peer(name).map(|peer| &mut peer.client)
    }

    fn read(&mut self, client: &str) -> Result<Value, String> {
        let peer = self.peer(client)?;
        let reply = peer.client.read(PATIENCE).map_err(because)?;
        if !reply.is_error() {
            peer.protocol = spoken_after(&peer.command).unwrap_or(peer.protocol);
        }
        Ok(reply)
    }

    fn waits(&mut self, client: &str) -> Result<Option<Value>, String> {
        match self.client(client)?.read(QUIET) {
            Err(NoReply::Silence) => Ok(None),
            Err(other) => Err(because(other)),
            Ok(value) => Err(format!("it should wait but was answered\n{}", brooklet_testkit::write::value(&value))),
        }
    }

    fn closed(&mut self, client: &str) -> Result<Option<Value>, String> {
        match self.client(client)?.read(PATIENCE) {
            Err(NoReply::Closed) => {
                self.clients.remove(client);
                Ok(None)
            }
            other => Err(format!("the connection should be closed but there is {other:?}")),
        }
    }

    /// `$id` in a command is the bound value; a `$` that names nothing stays.
    fn replace(&self, args: &Args) -> Args {
        let one = |arg: &Vec<u8>| {
            let name = arg.strip_prefix(b"$").and_then(|name| std::str::from_utf8(name).ok());
            name.and_then(|name| self.names.get(name)).cloned().unwrap_or_else(|| arg.clone())
        };
        args.iter().map(one).collect()
    }
}

/// The protocol that a command chooses when it succeeds.
fn spoken_after(command: &Args) -> Option<Protocol> {
    let word = |at: usize| command.get(at).map(|w| w.to_ascii_uppercase()).unwrap_or_default();
    match (word(0).as_slice(), word(1).as_slice()) {
        (b"HELLO", b"2") | (b"RESET", b"") => Some(Protocol::Resp2),
        (b"HELLO", b"3") => Some(Protocol::Resp3),
        _ => None,
    }
}

fn because(why: NoReply) -> String {
    match why {
        NoReply::Silence => "no reply".into(),
        NoReply::Closed => "the server closed the connection".into(),
        NoReply::Malformed(why) => format!("not RESP: {why}"),
    }
}
