//! ACL GETUSER: flags, passwords and rules of a user.

use crate::acl::Selector;
use crate::broker::Ctx;
use crate::command::args::Args;
use crate::command::error::Refusal;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::reply::Reply;

/// ACL GETUSER.
pub static SPEC: Spec = Spec {
    name: "acl|getuser",
    summary: "Answers what is known of a user.",
    since: "6.0.0",
    group: Group::Server,
    complexity: "O(N) for N passwords and rules",
    arity: 3,
    flags: &[Flag::Admin, Flag::NoScript, Flag::Loading, Flag::Stale],
    keys: Keys::None,
    syntax: "username",
    kind: Kind::Admin(run),
    subcommands: &[],
};

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    let Some(user) = ctx.engine.access.users.named(args.at(2)) else { return Ok(Reply::Null) };
    let mut selectors = user.selectors();
    let mut facts = vec![
        (Reply::text("flags"), Reply::Set(user.flags().into_iter().map(Reply::text).collect())),
        (Reply::text("passwords"), Reply::Array(user.hashes().map(Reply::bulk).collect())),
    ];
    facts.extend(selectors.next().into_iter().flat_map(rules));
    facts.push((Reply::text("selectors"), Reply::Array(selectors.map(|one| Reply::Map(rules(one))).collect())));
    Ok(Reply::Map(facts))
}

fn rules(selector: &Selector) -> Vec<(Reply, Reply)> {
    vec![
        (Reply::text("commands"), Reply::bulk(selector.commands_text())),
        (Reply::text("keys"), Reply::bulk(selector.keys_text())),
        (Reply::text("channels"), Reply::bulk(selector.channels_text())),
    ]
}
