//! Users and what they may do: passwords, rules, checks, the log of what was denied.
//!
//! Plain values: they are changed by rules and asked about calls. Must never know: sockets, the engine, clients. Who holds
//! them is `broker/access.rs`; who asks is `command/permission.rs`. Reading order: `user.rs`, `selector.rs`, `check.rs`.

mod check;
mod commands;
mod file;
mod log;
mod password;
mod rule;
mod selector;
#[cfg(test)]
mod tests;
mod user;
mod users;

pub use check::Denial;
pub use file::{LineError, parse, text};
pub use log::{Context, Entry, Log, Reason};
pub use password::secret;
pub use rule::{RuleError, Unmatched, join};
pub use selector::Selector;
pub use user::User;
pub use users::{DEFAULT, UserId, Users};
