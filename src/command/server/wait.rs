//! WAIT: how many replicas have what was written. There are none, so it waits out its time for any number above zero.

use crate::broker::Ctx;
use crate::broker::wait::Park;
use crate::command::args::Args;
use crate::command::error::{self, Refusal};
use crate::command::number;
use crate::command::spec::{Group, Keys, Kind, Spec};
use crate::reply::Reply;

/// WAIT.
pub static SPEC: Spec = Spec {
    name: "wait",
    summary: "Waits until replicas have everything that was written.",
    since: "3.0.0",
    group: Group::Keyspace,
    complexity: "O(1)",
    arity: 3,
    flags: &[],
    keys: Keys::None,
    syntax: "numreplicas timeout",
    kind: Kind::Blocking(run),
    subcommands: &[],
};

fn run(_: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    let replicas = number::arg(args.at(1))?;
    let timeout_ms = timeout_ms(args.at(2))?;
    if replicas <= 0 {
        return Ok(Reply::Integer(0));
    }
    Err(Refusal::Park(Box::new(Park {
        keys: Vec::new(),
        timeout_ms,
        look_again_ms: None,
        queue: None,
        rewritten: None,
        empty: Reply::Integer(0),
        at_once: Reply::Integer(0),
    })))
}

/// A timeout in milliseconds; 0 waits for ever.
pub(super) fn timeout_ms(text: &[u8]) -> Result<u64, Refusal> {
    let ms = number::integer_or(text, error::TIMEOUT_NOT_INTEGER)?;
    u64::try_from(ms).map_err(|_| error::TIMEOUT_NEGATIVE)
}
