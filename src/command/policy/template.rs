//! POLICY.TEMPLATE: rules for all streams whose names match a pattern. Replaces the template of this name as a whole.
//!
//! Of several templates that match, one of a higher rank is laid over one of a lower rank; a stream's own policy over all.

use super::{read_settings, store};
use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::{self, Refusal};
use crate::command::number;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::policy::{Scope, Template};
use crate::reply::Reply;

/// POLICY.TEMPLATE.
pub static SPEC: Spec = Spec {
    name: "policy.template",
    summary: "Sets rules for all streams whose names match a pattern.",
    since: "0.1.0",
    group: Group::Policy,
    complexity: "O(N) for N settings",
    arity: -4,
    flags: &[Flag::AdminCategory],
    keys: Keys::None,
    syntax: "name MATCH pattern [RANK rank] [setting value [setting value ...]]",
    kind: Kind::Write(run),
    subcommands: &[],
};

fn parse(args: Args<'_>) -> Result<Template, Refusal> {
    if !args.at(2).eq_ignore_ascii_case(b"MATCH") {
        return Err(error::SYNTAX);
    }
    let mut template = Template { pattern: Some(args.at(3).into()), ..Template::default() };
    let mut rest = args.from(4);
    if rest.len() >= 2 && rest.at(0).eq_ignore_ascii_case(b"RANK") {
        template.rank = number::arg(rest.at(1))?;
        rest = rest.from(2);
    }
    read_settings(&mut template.settings, rest, SPEC.name)?;
    Ok(template)
}

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    let template = parse(args)?;
    store(ctx, Scope::Template(args.at(1).into()), Some(template))?;
    Ok(Reply::OK)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::args::OwnedArgs;

    fn line(line: &str) -> Result<Template, String> {
        match parse(OwnedArgs::collect(line.split(' ')).as_args()) {
            Ok(template) => Ok(template),
            Err(Refusal::Wire(line)) => Err(line.into_owned()),
            Err(other) => Err(format!("{other:?}")),
        }
    }

    #[test]
    fn a_rank_may_be_left_out() {
        let ranked = line("POLICY.TEMPLATE t match orders:* rank -2 redeliver auto").unwrap();
        assert_eq!((ranked.pattern.as_deref(), ranked.rank), (Some(&b"orders:*"[..]), -2));
        assert_eq!(ranked.settings.iter().len(), 1);
        assert_eq!(line("POLICY.TEMPLATE t MATCH * redeliver auto").unwrap().rank, 0);
        assert_eq!(line("POLICY.TEMPLATE t FOR *"), Err("ERR syntax error".into()));
        assert_eq!(line("POLICY.TEMPLATE t MATCH * RANK x"), Err("ERR value is not an integer or out of range".into()));
        assert!(line("POLICY.TEMPLATE t MATCH * redeliver").is_err());
    }
}
