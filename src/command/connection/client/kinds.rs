//! Words that several CLIENT subcommands take.

use crate::broker::client::Client;
use crate::command::error::{self, Refusal};

/// What a connection is for. There are no replicas and no primaries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ClientType {
    Normal,
    PubSub,
    Monitor,
    Other,
}

impl ClientType {
    pub(super) fn parse(word: &[u8]) -> Result<ClientType, Refusal> {
        match word.to_ascii_lowercase().as_slice() {
            b"normal" => Ok(ClientType::Normal),
            b"pubsub" => Ok(ClientType::PubSub),
            b"master" | b"slave" | b"replica" => Ok(ClientType::Other),
            _ => Err(error::connection::unknown_type(word)),
        }
    }

    pub(super) fn of(client: &Client) -> ClientType {
        match (client.monitor, client.subscriber) {
            // Counted with the replicas in the reference, and then left out of them.
            (true, _) => ClientType::Monitor,
            (false, true) => ClientType::PubSub,
            (false, false) => ClientType::Normal,
        }
    }
}

pub(super) fn on_or_off(word: &[u8]) -> Result<bool, Refusal> {
    either(word, b"on", b"off")
}

pub(super) fn yes_or_no(word: &[u8]) -> Result<bool, Refusal> {
    either(word, b"yes", b"no")
}

fn either(word: &[u8], yes: &[u8], no: &[u8]) -> Result<bool, Refusal> {
    let is_yes = word.eq_ignore_ascii_case(yes);
    if is_yes || word.eq_ignore_ascii_case(no) { Ok(is_yes) } else { Err(error::SYNTAX) }
}
