//! What clients ask for: an operation as a value, and as the words of a call.

mod words;

use std::fmt;

/// A stream id.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Id(pub u64, pub u64);

impl Id {
    pub fn next(self) -> Id {
        Id(self.0, self.1 + 1)
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.0, self.1)
    }
}

impl fmt::Debug for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

pub type Name = &'static str;

pub const STREAMS: &[Name] = &["orders", "jobs", "mail"];
pub const GROUPS: &[Name] = &["red", "green", "blue"];
pub const CONSUMERS: &[Name] = &["ann", "bob", "cyd", "dan"];
pub const LOCKS: &[Name] = &["lock1", "lock2"];
pub const PRODUCERS: &[Name] = &["here", "there"];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NewId {
    Auto,
    Sequence(u64),
    Given(Id),
}

/// What an entry holds: a number of its own, and padding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Payload {
    pub number: u64,
    pub dots: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refs {
    Keep,
    Delete,
    Acked,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bound {
    MaxLen(u64),
    MinId(Id),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trim {
    pub bound: Bound,
    pub about: bool,
    pub refs: Refs,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nack {
    Silent,
    Fail,
    Fatal,
}

/// XCLAIM's options.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct How {
    pub idle: Option<i64>,
    pub retry: Option<i64>,
    pub force: bool,
    pub just_id: bool,
    pub last: Option<Id>,
}

/// A group of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct At {
    pub key: Name,
    pub group: Name,
}

impl Op {
    /// What it consists of: itself, or the operations of a transaction or a script.
    pub fn parts(&self) -> &[Op] {
        match self {
            Op::Multi(ops) | Op::Script { ops, .. } | Op::Watched { ops, .. } => ops,
            one => std::slice::from_ref(one),
        }
    }

    /// The key that it may change, unless it consists of others.
    pub fn key(&self) -> Option<Name> {
        match self {
            Op::Multi(_) | Op::Script { .. } | Op::Watched { .. } => None,
            Op::Add { key, .. }
            | Op::Jump { key, .. }
            | Op::Trim { key, .. }
            | Op::Delete { key, .. }
            | Op::DeleteEx { key, .. }
            | Op::Drop { key }
            | Op::Len { key }
            | Op::Range { key, .. }
            | Op::Tail { key, .. }
            | Op::Info { key } => Some(key),
            Op::Lock { lock, .. } | Op::Holder { lock } | Op::Unlock { lock } => Some(lock),
            Op::Read { at, .. }
            | Op::Ack { at, .. }
            | Op::AckDelete { at, .. }
            | Op::Claim { at, .. }
            | Op::AutoClaim { at, .. }
            | Op::Nack { at, .. }
            | Op::Create { at, .. }
            | Op::SetId { at, .. }
            | Op::Destroy { at }
            | Op::NewConsumer { at, .. }
            | Op::DropConsumer { at, .. }
            | Op::Summary { at }
            | Op::Listing { at, .. } => Some(at.key),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Op {
    Add {
        key: Name,
        id: NewId,
        make: bool,
        trim: Option<Trim>,
        payload: Payload,
        /// A producer, and its number for the entry: twice the same adds one.
        producer: Option<(Name, u64)>,
    },
    /// XSETID.
    Jump {
        key: Name,
        last: Id,
        added: Option<u64>,
        deleted: Option<Id>,
    },
    Trim {
        key: Name,
        trim: Trim,
    },
    Delete {
        key: Name,
        ids: Vec<Id>,
    },
    DeleteEx {
        key: Name,
        refs: Refs,
        ids: Vec<Id>,
    },
    /// XREADGROUP; `above`: of what is pending, else of what is new, and before that what has been pending for so long.
    Read {
        at: At,
        who: Name,
        count: Option<u64>,
        block: Option<u64>,
        noack: bool,
        claim: Option<i64>,
        above: Option<Id>,
    },
    Ack {
        at: At,
        ids: Vec<Id>,
    },
    AckDelete {
        at: At,
        refs: Refs,
        ids: Vec<Id>,
    },
    Claim {
        at: At,
        who: Name,
        min_idle: i64,
        ids: Vec<Id>,
        how: How,
    },
    AutoClaim {
        at: At,
        who: Name,
        min_idle: i64,
        start: Id,
        count: u64,
        just_id: bool,
    },
    Nack {
        at: At,
        mode: Nack,
        ids: Vec<Id>,
        retry: Option<i64>,
        force: bool,
    },
    Create {
        at: At,
        id: Option<Id>,
        make: bool,
        read: Option<u64>,
    },
    SetId {
        at: At,
        id: Option<Id>,
        read: Option<u64>,
    },
    Destroy {
        at: At,
    },
    NewConsumer {
        at: At,
        who: Name,
    },
    DropConsumer {
        at: At,
        who: Name,
    },
    Drop {
        key: Name,
    },
    Len {
        key: Name,
    },
    Range {
        key: Name,
        from: Id,
        count: u64,
    },
    /// XREAD, without a group.
    Tail {
        key: Name,
        from: Id,
        count: u64,
    },
    Summary {
        at: At,
    },
    Listing {
        at: At,
        min_idle: i64,
        count: u64,
        who: Option<Name>,
    },
    Info {
        key: Name,
    },
    /// SET NX PX.
    Lock {
        lock: Name,
        token: u64,
        ms: u64,
    },
    Holder {
        lock: Name,
    },
    Unlock {
        lock: Name,
    },
    Multi(Vec<Op>),
    /// EVAL of all of these, and then perhaps an error.
    Script {
        ops: Vec<Op>,
        fails: bool,
    },
    /// WATCH; later a transaction.
    Watched {
        keys: Vec<Name>,
        ops: Vec<Op>,
    },
}
