//! Users as lines of text: the file of access lists, and lines `user` of the configuration.

use super::rule::{self, RuleError};
use super::user::User;

/// What is wrong with a line; lines count from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LineError {
    /// It names no user.
    NoUser(usize),
    /// The user stands above already.
    Duplicate(usize, Vec<u8>),
    /// A selector does not end.
    Unmatched(usize),
    /// A rule is none.
    Rule(usize, Vec<u8>, RuleError),
}

/// Reads the users of a file; `open_channels`: they begin with all channels.
pub fn parse(text: &[u8], open_channels: bool) -> Result<Vec<User>, Vec<LineError>> {
    let (mut users, mut errors): (Vec<User>, Vec<LineError>) = (Vec::new(), Vec::new());
    for (number, line) in text.split(|b| *b == b'\n').enumerate() {
        let line = line.trim_ascii();
        if line.is_empty() {
            continue;
        }
        match user(number + 1, line, open_channels) {
            Ok(user) if users.iter().any(|known| known.name() == user.name()) => {
                errors.push(LineError::Duplicate(number + 1, user.name().to_vec()));
            }
            Ok(user) => users.push(user),
            // One that stands there twice is worth a line, too, whatever else is wrong.
            Err(error) => errors.push(error),
        }
    }
    if errors.is_empty() { Ok(users) } else { Err(errors) }
}

fn user(number: usize, line: &[u8], open_channels: bool) -> Result<User, LineError> {
    let mut words = line.split(|b| *b == b' ');
    let (Some(b"user"), Some(name)) = (words.next(), words.next()) else { return Err(LineError::NoUser(number)) };
    let rules = rule::join(words).map_err(|_| LineError::Unmatched(number))?;
    let mut user = User::new(name, open_channels);
    for rule in rules {
        user.apply(&rule).map_err(|why| LineError::Rule(number, rule, why))?;
    }
    Ok(user)
}

/// The file that holds these users.
pub fn text<'a>(users: impl IntoIterator<Item = &'a User>) -> Vec<u8> {
    users.into_iter().flat_map(|user| [user.line(), b"\n".to_vec()].concat()).collect()
}
