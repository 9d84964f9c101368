//! ACL GENPASS: a password that nobody guesses.

use crate::acl;
use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::{self, Refusal};
use crate::command::number;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::reply::Reply;

/// ACL GENPASS.
pub static SPEC: Spec = Spec {
    name: "acl|genpass",
    summary: "Makes a password.",
    since: "6.0.0",
    group: Group::Server,
    complexity: "O(1)",
    arity: -2,
    flags: &[Flag::NoScript, Flag::Loading, Flag::Stale],
    keys: Keys::None,
    syntax: "[bits]",
    kind: Kind::Admin(run),
    subcommands: &[],
};

/// Bits, if nobody says how many.
const USUAL: i64 = 256;
/// Bits at most.
const MOST: i64 = 4096;

fn run(_: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    let bits = match (args.get(2), args.len()) {
        (None, _) => USUAL,
        (Some(bits), 3) => number::arg(bits)?,
        _ => return Err(error::acl::arguments(args.at(1))),
    };
    if !(1..=MOST).contains(&bits) {
        return Err(error::acl::GENPASS_RANGE);
    }
    let digits = usize::try_from(bits).unwrap_or(0).div_ceil(4);
    acl::secret(digits).map(Reply::bulk).ok_or(error::acl::NO_RANDOMNESS)
}
