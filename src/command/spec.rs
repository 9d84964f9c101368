//! What a command is: one [`Spec`] a verb, written in the verb's own file, listed once in `table.rs`.
//!
//! Everything that has to know commands reads these: dispatch, arity, COMMAND, statistics, documents, generated tests.

use super::args::Args;
use super::error::Refusal;
use crate::broker::Ctx;
use crate::reply::Reply;

/// Runs one call.
pub type RunFn = fn(&mut Ctx<'_>, Args<'_>) -> Result<Reply, Refusal>;

/// What a verb may do; carries the function, so it cannot disagree with it.
#[derive(Clone, Copy)]
pub enum Kind {
    /// Reads keys.
    Read(RunFn),
    /// Changes keys.
    Write(RunFn),
    /// Changes keys, and may wait ([`super::error::Refusal::Park`]).
    BlockingWrite(RunFn),
    /// Reads keys, and may wait.
    BlockingRead(RunFn),
    /// May wait, and touches no key.
    Blocking(RunFn),
    /// Runs a script, which reads and changes what it likes.
    Script(RunFn),
    /// Concerns the connection only.
    Session(RunFn),
    /// Concerns the server.
    Admin(RunFn),
    /// Only holds subcommands.
    Container,
}

impl Kind {
    /// The function, if there is one.
    pub fn run(self) -> Option<RunFn> {
        match self {
            Kind::Read(f) | Kind::Write(f) | Kind::BlockingWrite(f) | Kind::BlockingRead(f) => Some(f),
            Kind::Blocking(f) | Kind::Script(f) | Kind::Session(f) | Kind::Admin(f) => Some(f),
            Kind::Container => None,
        }
    }

    /// Whether it changes keys.
    pub fn writes(self) -> bool {
        matches!(self, Kind::Write(_) | Kind::BlockingWrite(_))
    }

    /// Whether it may change keys.
    pub fn may_write(self) -> bool {
        self.writes() || matches!(self, Kind::Script(_))
    }

    /// Whether it reads keys and changes none.
    pub fn reads(self) -> bool {
        matches!(self, Kind::Read(_) | Kind::BlockingRead(_))
    }

    /// Whether it may wait.
    pub fn blocks(self) -> bool {
        matches!(self, Kind::BlockingWrite(_) | Kind::BlockingRead(_) | Kind::Blocking(_))
    }
}

/// Which part of the documentation a verb belongs to, and its ACL category.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    /// `stream`
    Stream,
    /// `generic`: any key.
    Keyspace,
    /// `string`
    String,
    /// `bitmap`: the bits of a string.
    Bitmap,
    /// `hash`
    Hash,
    /// `list`
    List,
    /// `set`
    Set,
    /// `sorted-set`
    SortedSet,
    /// `pubsub`
    PubSub,
    /// `generic`, too: what sorts the elements of a value.
    Sorting,
    /// `transactions`
    Transaction,
    /// `scripting`
    Scripting,
    /// `connection`
    Connection,
    /// `server`
    Server,
    /// `cluster`
    Cluster,
    /// `sentinel`
    Sentinel,
    /// `policy`: rules for streams.
    Policy,
    /// `msg`: single messages of a group.
    Message,
    /// `lease`: what Redis does not have.
    Lease,
    /// `testing`: what only tests need.
    Testing,
}

impl Group {
    /// The name in COMMAND DOCS.
    pub fn name(self) -> &'static str {
        match self {
            Group::Stream => "stream",
            Group::Keyspace => "generic",
            Group::String => "string",
            Group::Bitmap => "bitmap",
            Group::Hash => "hash",
            Group::List => "list",
            Group::Set => "set",
            Group::SortedSet => "sorted-set",
            Group::PubSub => "pubsub",
            Group::Sorting => "generic",
            Group::Transaction => "transactions",
            Group::Scripting => "scripting",
            Group::Connection => "connection",
            Group::Server => "server",
            Group::Cluster => "cluster",
            Group::Sentinel => "sentinel",
            Group::Policy => "policy",
            Group::Message => "msg",
            Group::Lease => "lease",
            Group::Testing => "testing",
        }
    }

    /// The ACL category that all its verbs have.
    pub fn category(self) -> Option<&'static str> {
        match self {
            Group::Stream => Some("stream"),
            Group::Keyspace => Some("keyspace"),
            Group::String => Some("string"),
            Group::Bitmap => Some("bitmap"),
            Group::Hash => Some("hash"),
            Group::List => Some("list"),
            Group::Set => Some("set"),
            Group::SortedSet => Some("sortedset"),
            Group::Transaction => Some("transaction"),
            Group::Scripting => Some("scripting"),
            Group::Connection => Some("connection"),
            Group::Policy => Some("policy"),
            Group::Message => Some("msg"),
            Group::Lease => Some("lease"),
            Group::PubSub | Group::Sorting | Group::Server => None,
            Group::Cluster | Group::Sentinel | Group::Testing => None,
        }
    }
}

/// Where the keys stand among the arguments (the verb is argument 0).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keys {
    /// No keys.
    None,
    /// From `first` to `last` (negative = from the end), every `step`.
    At {
        /// Index of the first key.
        first: usize,
        /// Index of the last key; -1 is the last argument.
        last: i32,
        /// Distance between keys.
        step: usize,
    },
    /// Argument `at` says how many keys follow it, every `step`.
    Counted {
        /// Index of the number.
        at: usize,
        /// Distance between keys.
        step: usize,
    },
    /// Argument `at` says how many keys follow it; there may be none.
    MaybeCounted {
        /// Index of the number.
        at: usize,
    },
    /// The first argument, and as many as argument 2 says behind that.
    StoredCounted,
    /// The first half of what follows the word STREAMS.
    Streams,
    /// The first argument, and what follows the last word STORE.
    Sort {
        /// Whether there is such a word.
        stores: bool,
    },
    /// The first argument, and those of the call that begins at the third.
    Leased,
}

impl Keys {
    /// One key at index 1.
    pub const ONE: Keys = Keys::At { first: 1, last: 1, step: 1 };
    /// All arguments are keys.
    pub const ALL: Keys = Keys::At { first: 1, last: -1, step: 1 };
}

/// Flags that do not follow from [`Kind`]. Names as in COMMAND INFO.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flag {
    /// Refused when memory is short.
    Denyoom,
    /// Constant or logarithmic time.
    Fast,
    /// Allowed before authentication.
    NoAuth,
    /// Allowed while data is loaded.
    Loading,
    /// Allowed on a replica that lost its primary.
    Stale,
    /// Not allowed in scripts.
    NoScript,
    /// Not shown in the slow log.
    SkipSlowlog,
    /// Not shown by MONITOR.
    SkipMonitor,
    /// Not allowed inside MULTI.
    NoMulti,
    /// Keys depend on other arguments.
    MovableKeys,
    /// There may be no keys where others have some.
    NoMandatoryKeys,
    /// For whoever runs the server; implies the ACL categories admin and dangerous.
    Admin,
    /// ACL categories admin and dangerous without the flag.
    AdminCategory,
    /// Refused while a replica loads a new data set beside the old one.
    NoAsyncLoading,
    /// Allowed while a script is busy.
    AllowBusy,
    /// ACL category dangerous.
    Dangerous,
    /// Concerns channels; implies the ACL category pubsub.
    PubSub,
    /// CLIENT PAUSE WRITE holds it up although it changes no key. (This and the following are ours; COMMAND does not show them.)
    HeldByPause,
    /// Allowed on a RESP2 connection that listens to channels.
    WhileListening,
    /// Runs at once inside MULTI, too.
    Unqueued,
    /// Runs what was queued: what the gates ask of a call, they ask of the queue.
    RunsQueue,
}

/// A verb or a subcommand.
pub struct Spec {
    /// Lower case; a subcommand is `container|name`.
    pub name: &'static str,
    /// One sentence in our own words.
    pub summary: &'static str,
    /// The version of Redis that introduced it.
    pub since: &'static str,
    /// Its part of the documentation.
    pub group: Group,
    /// Its cost.
    pub complexity: &'static str,
    /// Number of arguments, the verb included; negative = at least that many.
    pub arity: i32,
    /// Flags besides those that follow from `kind`.
    pub flags: &'static [Flag],
    /// Where its keys are.
    pub keys: Keys,
    /// The grammar of its arguments, in the notation of the Redis documentation: `key [NX | XX] [EX seconds]`.
    pub syntax: &'static str,
    /// What it does.
    pub kind: Kind,
    /// Its subcommands.
    pub subcommands: &'static [&'static Spec],
}

impl std::fmt::Debug for Spec {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

impl Spec {
    /// The name without its container.
    pub fn own_name(&self) -> &'static str {
        self.name.rsplit('|').next().unwrap_or(self.name)
    }

    /// Whether it has `flag`.
    pub fn has(&self, flag: Flag) -> bool {
        self.flags.contains(&flag)
    }

    /// Whether a call with `len` arguments (the verb included) has the right number.
    pub fn accepts(&self, len: usize) -> bool {
        let len = i32::try_from(len).unwrap_or(i32::MAX);
        if self.arity >= 0 { len == self.arity } else { len >= -self.arity }
    }
}
