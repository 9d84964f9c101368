//! HELP of a container: its subcommands with their grammar, from their specs.

use super::error::Refusal;
use super::spec::Spec;
use super::table;
use crate::broker::Ctx;
use crate::reply::Reply;

/// Answers `XGROUP HELP` and its like: works for every subcommand called `help`.
pub fn reply(ctx: &Ctx<'_>) -> Result<Reply, Refusal> {
    let container = ctx.spec.name.split('|').next().and_then(|name| table::find(name.as_bytes()));
    Ok(Reply::Array(container.map_or_else(Vec::new, lines)))
}

fn lines(container: &'static Spec) -> Vec<Reply> {
    let name = container.name.to_ascii_uppercase();
    let mut lines = vec![format!("{name} <subcommand> [<arg> [value] [opt] ...]. Subcommands are:")];
    for sub in container.subcommands {
        lines.push(format!("{} {}", sub.own_name().to_ascii_uppercase(), sub.syntax).trim_end().to_owned());
        lines.push(format!("    {}", sub.summary));
    }
    lines.into_iter().map(|line| Reply::Status(line.into())).collect()
}
