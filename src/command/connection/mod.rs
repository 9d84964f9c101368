//! Verbs about the connection.

pub mod auth;
pub mod client;
pub mod echo;
pub mod hello;
pub mod ping;
pub mod quit;
pub mod reset;
pub mod select;

use super::spec::Spec;

/// The verbs of this group, one line each.
pub static VERBS: &[&Spec] =
    &[&ping::SPEC, &echo::SPEC, &quit::SPEC, &reset::SPEC, &select::SPEC, &hello::SPEC, &auth::SPEC, &client::SPEC];
