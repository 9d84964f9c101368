//! The clients: one record for every open session, on a socket or in process.
//!
//! The records live in the engine, so that CLIENT LIST and KILL see them and a parked call can be run for its client.
//! Must never know: sockets. A session learns through its [`Client::outside`] bell that it must end, or that there
//! are messages for it.

use super::mailbox::Mailbox;
use super::transaction::Transaction;
use crate::acl::{self, UserId};
use crate::resp::Protocol;
use hashbrown::HashMap;
use std::cell::Cell;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use tokio::sync::Notify;

/// The number of a client, never reused.
pub type ClientId = u64;

/// What CLIENT REPLY asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ReplyMode {
    /// Every call is answered.
    #[default]
    On,
    /// None is.
    Off,
    /// The next one is not.
    SkipNext,
    /// The one that runs is not.
    Skip,
}

/// One open session.
#[derive(Debug)]
pub struct Client {
    /// Its number.
    pub id: ClientId,
    /// Its selected database.
    pub db: u32,
    /// Protocol of its replies.
    pub protocol: Protocol,
    /// Peer address as `ip:port`, or what stands for it.
    pub addr: String,
    /// Own address.
    pub laddr: String,
    /// File descriptor, -1 in process.
    pub fd: i32,
    /// It came through a socket file.
    pub unix: bool,
    /// CLIENT SETNAME.
    pub name: Vec<u8>,
    /// CLIENT SETINFO LIB-NAME.
    pub lib_name: Vec<u8>,
    /// CLIENT SETINFO LIB-VER.
    pub lib_ver: Vec<u8>,
    /// Whether it may run more than AUTH and HELLO.
    pub authenticated: bool,
    /// Its user.
    pub user: UserId,
    /// Its user may do everything: nothing has to be checked.
    pub unrestricted: bool,
    /// When it came, Unix milliseconds.
    pub created_ms: i64,
    /// When its last call began, Unix milliseconds.
    pub active_ms: i64,
    /// Name of its last command.
    pub last_command: &'static str,
    /// What was queued since MULTI.
    pub transaction: Option<Box<Transaction>>,
    /// A watched key was touched.
    pub watch_broken: bool,
    /// CLIENT REPLY.
    pub reply_mode: ReplyMode,
    /// READONLY.
    pub readonly: bool,
    /// CLIENT NO-EVICT.
    pub no_evict: bool,
    /// CLIENT NO-TOUCH.
    pub no_touch: bool,
    /// It must end as soon as it can: at once, or after its reply.
    pub killed: bool,
    /// The reply that is being made is its last.
    pub close_after_reply: bool,
    /// It sent the head of a web request.
    pub sent_web_request: bool,
    /// Bytes received and not executed yet, as the session last said.
    pub query_bytes: usize,
    /// Bytes of replies not sent yet, as the session last said.
    pub output_bytes: usize,
    /// Bytes received ever.
    pub total_in: u64,
    /// Bytes sent ever.
    pub total_out: u64,
    /// Calls ever.
    pub total_commands: u64,
    /// Messages that its session has not taken yet.
    pub mailbox: Mailbox,
    /// It listens to a channel or a pattern.
    pub subscriber: bool,
    /// It sees all calls.
    pub monitor: bool,
    /// Rung when the session must look at `killed` or at its mailbox.
    pub outside: Arc<Notify>,
}

impl Client {
    /// Bytes of memory, about: the record and both buffers.
    pub fn memory(&self) -> usize {
        let buffers = self.query_bytes + self.waiting_bytes() + self.queued_bytes();
        size_of::<Client>() + buffers + self.addr.len() + self.laddr.len()
    }

    /// Bytes of memory that calls queued since MULTI take, about.
    pub fn queued_bytes(&self) -> usize {
        self.transaction.as_ref().map_or(0, |t| t.bytes)
    }

    /// Whether the reply of the call that just ran is sent; steps CLIENT REPLY's state.
    pub fn takes_reply(&mut self) -> bool {
        let mode = self.reply_mode;
        self.reply_mode = match mode {
            ReplyMode::SkipNext => ReplyMode::Skip,
            ReplyMode::Skip => ReplyMode::On,
            other => other,
        };
        mode == ReplyMode::On
    }

    /// Whether it asked for no replies at all.
    pub fn is_silent(&self) -> bool {
        self.reply_mode == ReplyMode::Off
    }

    /// Whether it is on this machine.
    pub fn is_local(&self) -> bool {
        let ip = self.addr.parse::<SocketAddr>().map(|a| a.ip().to_canonical());
        self.fd < 0 || self.unix || ip.is_ok_and(|ip| ip.is_loopback())
    }
}

/// What is known about a session when it opens.
#[derive(Clone, Debug)]
pub struct Origin {
    /// Peer address.
    pub addr: String,
    /// Own address.
    pub laddr: String,
    /// File descriptor.
    pub fd: i32,
    /// It came through a socket file.
    pub unix: bool,
}

impl Origin {
    /// A session of this process.
    pub fn in_process() -> Origin {
        Origin { addr: "in-process:0".into(), laddr: "in-process:0".into(), fd: -1, unix: false }
    }

    /// A session over TCP between these addresses.
    pub fn remote(addr: String, laddr: String, fd: i32) -> Origin {
        Origin { addr, laddr, fd, unix: false }
    }

    /// A session through the socket file of this name, which stands for both addresses.
    pub fn local(file: &str, fd: i32) -> Origin {
        let addr = format!("{file}:0");
        Origin { laddr: addr.clone(), addr, fd, unix: true }
    }
}

/// Where clients can connect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Endpoint {
    /// TCP.
    Tcp(SocketAddr),
    /// TLS over TCP.
    Tls(SocketAddr),
    /// A socket file.
    Unix(PathBuf),
}

impl Endpoint {
    /// The TCP address, if it has one.
    pub fn address(&self) -> Option<SocketAddr> {
        match self {
            Endpoint::Tcp(addr) | Endpoint::Tls(addr) => Some(*addr),
            Endpoint::Unix(_) => None,
        }
    }

    /// The TCP port, if nothing is encrypted there.
    pub fn plain_port(&self) -> Option<u16> {
        if let Endpoint::Tcp(addr) = self { Some(addr.port()) } else { None }
    }
}

impl std::fmt::Display for Endpoint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Endpoint::Tcp(addr) | Endpoint::Tls(addr) => addr.fmt(f),
            Endpoint::Unix(path) => path.display().fmt(f),
        }
    }
}

/// What a session's driver has seen of its socket since it last told.
#[derive(Clone, Copy, Debug, Default)]
pub struct Traffic {
    /// Bytes received.
    pub received: u64,
    /// Bytes sent.
    pub sent: u64,
    /// Reads that brought something.
    pub reads: u64,
    /// Writes that took something.
    pub writes: u64,
    /// Bytes that arrived and were not executed, now.
    pub query_bytes: usize,
    /// Bytes that wait to be sent, now.
    pub output_bytes: usize,
}

/// All open sessions.
#[derive(Debug, Default)]
pub struct Clients {
    places: HashMap<ClientId, u32, foldhash::fast::FixedState>,
    all: Vec<Option<Box<Client>>>,
    free: Vec<u32>,
    /// Whose calls run now is asked for again and again: it, and its place.
    recent: Cell<Option<(ClientId, u32)>>,
    last: ClientId,
}

impl Clients {
    /// Number of open sessions.
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// All, oldest first.
    pub fn iter(&self) -> impl Iterator<Item = &Client> {
        let mut all: Vec<&Client> = self.all.iter().filter_map(Option::as_deref).collect();
        all.sort_unstable_by_key(|c| c.id);
        all.into_iter()
    }

    /// The client `id`.
    #[inline]
    pub fn get(&self, id: ClientId) -> Option<&Client> {
        self.all.get(self.place(id)? as usize)?.as_deref()
    }

    /// The client `id`.
    #[inline]
    pub fn get_mut(&mut self, id: ClientId) -> Option<&mut Client> {
        let place = self.place(id)?;
        self.all.get_mut(place as usize)?.as_deref_mut()
    }

    #[inline]
    fn place(&self, id: ClientId) -> Option<u32> {
        if let Some((recent, place)) = self.recent.get()
            && recent == id
        {
            return Some(place);
        }
        let place = *self.places.get(&id)?;
        self.recent.set(Some((id, place)));
        Some(place)
    }

    /// All, in no order.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut Client> {
        self.all.iter_mut().filter_map(Option::as_deref_mut)
    }

    pub(crate) fn open(&mut self, origin: Origin, authenticated: bool, now_ms: i64) -> ClientId {
        self.last += 1;
        let client = Client {
            id: self.last,
            db: 0,
            protocol: Protocol::Resp2,
            addr: origin.addr,
            laddr: origin.laddr,
            fd: origin.fd,
            unix: origin.unix,
            name: Vec::new(),
            lib_name: Vec::new(),
            lib_ver: Vec::new(),
            authenticated,
            user: acl::DEFAULT,
            unrestricted: true,
            created_ms: now_ms,
            active_ms: now_ms,
            last_command: "NULL",
            transaction: None,
            watch_broken: false,
            reply_mode: ReplyMode::On,
            readonly: false,
            no_evict: false,
            no_touch: false,
            killed: false,
            close_after_reply: false,
            sent_web_request: false,
            query_bytes: 0,
            output_bytes: 0,
            total_in: 0,
            total_out: 0,
            total_commands: 0,
            mailbox: Mailbox::default(),
            subscriber: false,
            monitor: false,
            outside: Arc::new(Notify::new()),
        };
        let place = self.free.pop().unwrap_or_else(|| {
            self.all.push(None);
            (self.all.len() - 1) as u32
        });
        self.all[place as usize] = Some(Box::new(client));
        self.places.insert(self.last, place);
        self.last
    }

    pub(crate) fn close(&mut self, id: ClientId) {
        let Some(place) = self.places.remove(&id) else { return };
        self.all[place as usize] = None;
        self.free.push(place);
        self.recent.set(None);
    }

    /// Tells a session to end. See [`super::Engine::kill`].
    pub(super) fn kill(&mut self, id: ClientId) -> bool {
        let Some(client) = self.get_mut(id) else { return false };
        client.killed = true;
        client.outside.notify_one();
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_that_nobody_has_is_nobody() {
        let mut clients = Clients::default();
        let mut open = || clients.open(Origin::in_process(), true, 0);
        let (first, second) = (open(), open());
        assert!(clients.get(0).is_none() && clients.get(second + 1).is_none());
        assert_eq!(clients.get(first).map(|c| c.id), Some(first));
        clients.close(first);
        assert!(clients.get(first).is_none() && clients.get(0).is_none());
        let third = clients.open(Origin::in_process(), true, 0);
        assert!(clients.get(first).is_none(), "its place is another one's now");
        assert_eq!([second, third].map(|id| clients.get_mut(id).map(|c| c.id)), [Some(second), Some(third)]);
    }
}
