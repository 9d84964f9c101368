//! What can go wrong, as types: nobody has to look into a text.
//!
//! Two questions matter after a failure, and each has an answer here: may the same call be made again
//! ([`Error::is_retryable`]), and can the server have done what was asked ([`Error::outcome`])?

use crate::leader::LossReason;
use std::sync::Arc;
use std::time::Duration;

/// The result of everything here that can fail.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The server answered with an error.
    #[error("the server refused: {code} {text}")]
    Server {
        /// Its first word, which is stable.
        code: Code,
        /// The rest, for people.
        text: Arc<str>,
    },
    /// No connection could be made, so nothing was sent.
    #[error("cannot connect to {endpoint}: {why}")]
    Connect {
        /// Where to.
        endpoint: Arc<str>,
        /// What the system or the server said.
        why: Arc<str>,
    },
    /// The connection broke after the call was sent, and before its answer came.
    #[error("the connection was lost: {0}")]
    Disconnected(Arc<str>),
    /// There was no answer in time.
    #[error("no answer within {after:?}")]
    Timeout {
        /// How long it was waited for.
        after: Duration,
        /// Whether the call had been sent by then.
        sent: bool,
    },
    /// The answer is not of the kind that was expected.
    #[error("an answer that makes no sense here: {0}")]
    Reply(Arc<str>),
    /// The configuration contradicts itself; it says which value, and why.
    #[error("{0}")]
    Config(#[from] ConfigError),
    /// Somebody else holds the lock.
    #[error("the lock {key} was not to be had within {waited:?}")]
    NotObtained {
        /// The lock's key.
        key: Arc<str>,
        /// How long it was tried.
        waited: Duration,
    },
    /// The lease ended before the work did.
    #[error("the lease {key} was lost: {reason}")]
    LeaseLost {
        /// The lease's key.
        key: Arc<str>,
        /// How it was lost.
        reason: LossReason,
    },
    /// It runs already.
    #[error("it is running already")]
    Running,
    /// The server cannot do this: it takes a Brooklet.
    #[error("{0}, which this server does not have")]
    Unsupported(&'static str),
}

/// What the server can have done of a call that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing: it never got the call.
    NotSent,
    /// Nothing: it said no.
    Refused,
    /// Everything or nothing; only looking tells.
    Unknown,
}

impl Error {
    /// The code of an error that the server answered.
    #[must_use]
    pub fn code(&self) -> Option<&Code> {
        match self {
            Self::Server { code, .. } => Some(code),
            _ => None,
        }
    }

    /// Whether the same call can succeed later without anybody changing anything. Whether it may then be done twice is
    /// another question: [`Error::outcome`].
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Server { code, .. } => code.is_passing(),
            Self::Connect { .. } | Self::Disconnected(_) | Self::Timeout { .. } => true,
            Self::NotObtained { .. } | Self::LeaseLost { .. } => true,
            Self::Reply(_) | Self::Config(_) | Self::Running | Self::Unsupported(_) => false,
        }
    }

    /// What the server can have done.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        match self {
            Self::Server { .. } => Outcome::Refused,
            Self::Disconnected(_) | Self::Reply(_) | Self::Timeout { sent: true, .. } | Self::LeaseLost { .. } => {
                Outcome::Unknown
            }
            Self::Connect { .. } | Self::Timeout { .. } | Self::Config(_) => Outcome::NotSent,
            Self::NotObtained { .. } | Self::Running | Self::Unsupported(_) => Outcome::NotSent,
        }
    }

    /// Whether the connection that it happened on is of no more use.
    pub(crate) fn is_of_the_link(&self) -> bool {
        matches!(self, Self::Connect { .. } | Self::Disconnected(_) | Self::Timeout { .. } | Self::Reply(_))
    }

    pub(crate) fn reply(value: &redis::Value) -> Self {
        let mut text = format!("{value:?}");
        // Whatever came, the error stays short.
        text.truncate(text.char_indices().nth(200).map_or(text.len(), |(at, _)| at));
        Self::Reply(text.into())
    }
}

impl From<redis::RedisError> for Error {
    fn from(error: redis::RedisError) -> Self {
        if let Some(code) = error.code() {
            return Self::Server { code: Code::of(code), text: error.detail().unwrap_or_default().into() };
        }
        match error.kind() {
            redis::ErrorKind::AuthenticationFailed => {
                Self::Server { code: Code::WrongPass, text: error.to_string().into() }
            }
            redis::ErrorKind::Parse | redis::ErrorKind::UnexpectedReturnType => Self::Reply(error.to_string().into()),
            _ => Self::Disconnected(error.to_string().into()),
        }
    }
}

/// A configuration that is refused. The text says which value it is, what it must be, and why.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{option}: {why}")]
pub struct ConfigError {
    /// The option, by its name in the code.
    pub option: &'static str,
    /// What is wrong with it.
    pub why: String,
}

impl ConfigError {
    pub(crate) fn new(option: &'static str, why: impl Into<String>) -> Self {
        Self { option, why: why.into() }
    }
}

macro_rules! codes {
    ($($(#[doc = $doc:literal])* $name:ident = $text:literal,)*) => {
        /// The first word of an error that a server answered.
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Code {
            $($(#[doc = $doc])* $name,)*
            /// One that this version has no name for.
            Other(Box<str>),
        }

        impl Code {
            /// The code of a word.
            #[must_use]
            pub fn of(word: &str) -> Self {
                match word {
                    $($text => Self::$name,)*
                    other => Self::Other(other.into()),
                }
            }

            /// As it stands on the wire.
            #[must_use]
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$name => $text,)*
                    Self::Other(word) => word,
                }
            }
        }
    };
}

codes! {
    /// A call that is wrong in itself.
    Err = "ERR",
    /// The key holds another kind of value.
    WrongType = "WRONGTYPE",
    /// A password is wanted first.
    NoAuth = "NOAUTH",
    /// The wrong name or password.
    WrongPass = "WRONGPASS",
    /// The user has not the right.
    NoPerm = "NOPERM",
    /// No such consumer group.
    NoGroup = "NOGROUP",
    /// The consumer group exists.
    BusyGroup = "BUSYGROUP",
    /// A script has run for too long.
    Busy = "BUSY",
    /// No such script.
    NoScript = "NOSCRIPT",
    /// No memory is left.
    Oom = "OOM",
    /// Nothing can be written to the disk.
    Misconf = "MISCONF",
    /// The server is still starting.
    Loading = "LOADING",
    /// The server is a copy that takes no writes.
    ReadOnly = "READONLY",
    /// A queued call of the transaction was refused.
    ExecAbort = "EXECABORT",
    /// The key is elsewhere.
    Moved = "MOVED",
    /// The key is elsewhere for this once.
    Ask = "ASK",
    /// Keys are being moved.
    TryAgain = "TRYAGAIN",
    /// The cluster does not work.
    ClusterDown = "CLUSTERDOWN",
    /// Keys of several slots in one call.
    CrossSlot = "CROSSSLOT",
    /// The link to the primary is down.
    MasterDown = "MASTERDOWN",
    /// Too few copies.
    NoReplicas = "NOREPLICAS",
    /// Somebody ended the wait (CLIENT UNBLOCK with ERROR).
    Unblocked = "UNBLOCKED",
    /// The version of the protocol is not spoken.
    NoProto = "NOPROTO",
    /// The lease is not, or no longer, the caller's.
    LeaseLost = "LEASELOST",
    /// The token is older than the lease's.
    Fenced = "FENCED",
}

impl Code {
    /// Whether it passes by itself.
    #[must_use]
    pub fn is_passing(&self) -> bool {
        let of_the_server = matches!(self, Self::Busy | Self::Oom | Self::Misconf | Self::Loading | Self::Unblocked);
        let of_the_cluster = matches!(self, Self::ReadOnly | Self::TryAgain | Self::ClusterDown | Self::MasterDown);
        of_the_server || of_the_cluster || *self == Self::NoReplicas
    }
}

impl std::fmt::Display for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server(code: &str) -> Error {
        Error::Server { code: Code::of(code), text: "".into() }
    }

    #[test]
    fn a_code_is_read_and_written_the_same() {
        for word in ["ERR", "LEASELOST", "FENCED", "NOGROUP", "SOMETHINGNEW"] {
            assert_eq!(Code::of(word).as_str(), word);
        }
        assert_eq!(Code::of("SOMETHINGNEW"), Code::Other("SOMETHINGNEW".into()));
    }

    #[test]
    fn what_the_server_refused_was_not_done() {
        assert_eq!(server("ERR").outcome(), Outcome::Refused);
        assert!(!server("ERR").is_retryable() && server("LOADING").is_retryable());
    }

    #[test]
    fn a_timeout_is_unknown_only_if_the_call_was_sent() {
        let timeout = |sent| Error::Timeout { after: Duration::from_secs(1), sent };
        assert_eq!(timeout(true).outcome(), Outcome::Unknown);
        assert_eq!(timeout(false).outcome(), Outcome::NotSent);
        assert!(timeout(true).is_retryable());
    }

    #[test]
    fn errors_of_the_client_library_are_sorted() {
        let reset = redis::RedisError::from(std::io::Error::from(std::io::ErrorKind::ConnectionReset));
        assert_eq!(Error::from(reset).outcome(), Outcome::Unknown);
        let fenced = redis::parse_redis_value(b"-FENCED 7\r\n").unwrap().extract_error().unwrap_err();
        let fenced = Error::from(fenced);
        assert_eq!(fenced.code(), Some(&Code::Fenced));
        assert!(matches!(fenced, Error::Server { text, .. } if &*text == "7"));
    }
}
