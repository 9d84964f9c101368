//! HELP of every container, made of its table: name, syntax and summary of each subcommand.

use super::args::Args;
use super::error::Refusal;
use super::spec::{Flag, Group, Keys, Kind, Spec};
use super::table;
use crate::broker::Ctx;
use crate::reply::Reply;

/// The spec of a HELP; `name` is `container|help`.
pub const fn spec(name: &'static str, group: Group, since: &'static str) -> Spec {
    Spec {
        name,
        summary: "Lists the subcommands.",
        since,
        group,
        complexity: "O(1)",
        arity: 2,
        flags: &[Flag::Loading, Flag::Stale],
        keys: Keys::None,
        syntax: "",
        kind: Kind::Session(run),
        subcommands: &[],
    }
}

fn run(ctx: &mut Ctx<'_>, _: Args<'_>) -> Result<Reply, Refusal> {
    Ok(lines(table::container(ctx.spec)))
}

/// A headline, then two lines for each subcommand.
pub fn lines(container: &Spec) -> Reply {
    let headline = format!("{} <subcommand> [<argument> ...]:", container.name.to_ascii_uppercase());
    let pair = |spec: &&'static Spec| {
        let call = format!("{} {}", spec.own_name().to_ascii_uppercase(), spec.syntax);
        [call.trim_end().to_owned(), format!("    {}", spec.summary)]
    };
    let lines = std::iter::once(headline).chain(container.subcommands.iter().flat_map(pair));
    Reply::Array(lines.map(|line| Reply::Status(line.into())).collect())
}
