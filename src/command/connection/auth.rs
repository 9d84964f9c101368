//! AUTH: gives the password of the default user. It is the only user until access lists come.

use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::{self, Refusal};
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::reply::Reply;
use subtle::ConstantTimeEq;

/// AUTH.
pub static SPEC: Spec = Spec {
    name: "auth",
    summary: "Authenticates the connection.",
    since: "1.0.0",
    group: Group::Connection,
    complexity: "O(1)",
    arity: -2,
    flags: &[Flag::NoScript, Flag::Loading, Flag::Stale, Flag::Fast, Flag::NoAuth, Flag::AllowBusy],
    keys: Keys::None,
    syntax: "[username] password",
    kind: Kind::Session(run),
    subcommands: &[],
};

/// The user that exists.
const DEFAULT_USER: &[u8] = b"default";

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    match (args.get(1), args.get(2), args.len()) {
        (Some(_), None, _) if ctx.engine.config.requirepass.is_empty() => Err(error::connection::AUTH_UNASKED),
        (Some(password), None, _) => log_in(ctx, DEFAULT_USER, password).map(|()| Reply::OK),
        (Some(user), Some(password), 3) => log_in(ctx, user, password).map(|()| Reply::OK),
        _ => Err(error::SYNTAX),
    }
}

/// Authenticates the calling connection, or refuses. A default user without a password takes any.
pub(super) fn log_in(ctx: &mut Ctx<'_>, user: &[u8], password: &[u8]) -> Result<(), Refusal> {
    let secret = ctx.engine.config.requirepass.expose().as_bytes();
    if user != DEFAULT_USER || !(secret.is_empty() || is_same(password, secret)) {
        ctx.engine.stats.denied_auth += 1;
        return Err(error::connection::WRONG_PASSWORD);
    }
    if let Some(client) = ctx.engine.clients.get_mut(ctx.client) {
        client.authenticated = true;
    }
    Ok(())
}

/// Compares in a time that depends on the length of `given` only.
fn is_same(given: &[u8], secret: &[u8]) -> bool {
    let repeated: Vec<u8> = secret.iter().cycle().take(given.len()).copied().collect();
    let lengths = (given.len() as u64).ct_eq(&(secret.len() as u64));
    bool::from(given.ct_eq(&repeated) & lengths)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_password_is_the_password() {
        assert!(is_same(b"secret", b"secret"));
        for given in ["", "s", "secre", "secrets", "secretsecret", "Secret"] {
            assert!(!is_same(given.as_bytes(), b"secret"), "{given}");
        }
    }
}
