//! Whether a user may make a call. One selector must allow all of it.

use super::selector::Selector;
use super::user::User;
use crate::command::args::Args;
use crate::command::spec::{Flag, Spec};
use crate::command::touch::{self, Channels, Touch};

/// Why a call is denied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Denial {
    /// The command.
    Command,
    /// This key.
    Key(Vec<u8>),
    /// This channel.
    Channel(Vec<u8>),
}

/// Why a selector does not allow a call; the later, the nearer it came.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Short {
    Command,
    Key(usize),
    Channel(usize),
}

/// What a call asks for.
struct Call<'a> {
    spec: &'a Spec,
    args: Args<'a>,
    keys: Vec<Touch>,
    channels: Option<Channels>,
}

impl User {
    /// Whether it may make a call; if not, the reason of the selector that came nearest.
    pub fn check(&self, spec: &Spec, args: Args<'_>) -> Result<(), Denial> {
        if self.is_unrestricted() {
            return Ok(());
        }
        let call = Call { spec, args, keys: touch::keys(spec, args), channels: touch::channels(spec, args) };
        let mut nearest = Short::Command;
        for selector in self.selectors() {
            match selector.check(&call) {
                Ok(()) => return Ok(()),
                Err(short) => nearest = nearest.max(short),
            }
        }
        Err(match nearest {
            Short::Command => Denial::Command,
            Short::Key(at) => Denial::Key(args.at(at).to_vec()),
            Short::Channel(at) => Denial::Channel(args.at(at).to_vec()),
        })
    }

    /// Whether it may run a command on whatever keys that will read.
    pub fn may_read_all(&self, spec: &Spec, args: Args<'_>) -> bool {
        self.selectors().any(|selector| selector.allows_command(spec, args) && selector.reads_all_keys())
    }

    /// Whether it may listen to a channel or a pattern.
    pub fn may_hear(&self, name: &[u8], is_pattern: bool) -> bool {
        self.selectors().any(|selector| selector.allows_channel(name, is_pattern))
    }
}

impl Selector {
    fn allows_command(&self, spec: &Spec, args: Args<'_>) -> bool {
        spec.has(Flag::NoAuth) || self.commands.contains(spec, args.get(1))
    }

    fn check(&self, call: &Call<'_>) -> Result<(), Short> {
        if !self.allows_command(call.spec, call.args) {
            return Err(Short::Command);
        }
        if let Some(denied) = call.keys.iter().find(|touch| !self.allows_key(call.args.at(touch.at), **touch)) {
            return Err(Short::Key(denied.at));
        }
        let Some(Channels { first, end, patterns }) = call.channels else { return Ok(()) };
        match (first..end).find(|at| !self.allows_channel(call.args.at(*at), patterns)) {
            Some(denied) => Err(Short::Channel(denied)),
            None => Ok(()),
        }
    }
}
