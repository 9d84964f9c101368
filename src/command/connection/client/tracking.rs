//! CLIENT TRACKING: tells this connection, or another one, when keys that it has read were changed.

use super::kinds;
use crate::broker::Ctx;
use crate::broker::tracking::{Mode, Tracker};
use crate::command::args::Args;
use crate::command::error::{self, Refusal};
use crate::command::number;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::reply::Reply;

/// CLIENT TRACKING.
pub static SPEC: Spec = Spec {
    name: "client|tracking",
    summary: "Begins or ends to tell when keys that were read are changed.",
    since: "6.0.0",
    group: Group::Connection,
    complexity: "O(1)",
    arity: -3,
    flags: &[Flag::NoScript, Flag::Loading, Flag::Stale],
    keys: Keys::None,
    syntax: "<ON | OFF> [REDIRECT client-id] [PREFIX prefix [PREFIX prefix ...]] [BCAST] [OPTIN] [OPTOUT] [NOLOOP]",
    kind: Kind::Session(run),
    subcommands: &[],
};

/// The options as they were given.
#[derive(Debug, Default, PartialEq)]
struct Options<'a> {
    redirect: Option<u64>,
    prefixes: Vec<&'a [u8]>,
    broadcast: bool,
    opt_in: bool,
    opt_out: bool,
    no_loop: bool,
}

fn parse<'a>(ctx: &Ctx<'_>, args: Args<'a>) -> Result<Options<'a>, Refusal> {
    let mut options = Options::default();
    let mut i = 0;
    while let Some(word) = args.get(i) {
        let is = |name: &str| word.eq_ignore_ascii_case(name.as_bytes());
        match args.get(i + 1) {
            Some(id) if is("REDIRECT") => {
                if options.redirect.is_some() {
                    return Err(error::connection::TWO_REDIRECTS);
                }
                let id = number::arg(id)?;
                let found = u64::try_from(id).ok().filter(|id| ctx.engine.clients.get(*id).is_some());
                options.redirect = Some(found.ok_or(error::connection::NO_REDIRECT)?);
                i += 1;
            }
            Some(prefix) if is("PREFIX") => {
                options.prefixes.push(prefix);
                i += 1;
            }
            _ if is("BCAST") => options.broadcast = true,
            _ if is("OPTIN") => options.opt_in = true,
            _ if is("OPTOUT") => options.opt_out = true,
            _ if is("NOLOOP") => options.no_loop = true,
            _ => return Err(error::SYNTAX),
        }
        i += 1;
    }
    Ok(options)
}

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    let options = parse(ctx, args.from(3))?;
    if !kinds::on_or_off(args.at(2))? {
        ctx.engine.untrack(ctx.client);
        return Ok(Reply::OK);
    }
    let before = ctx.engine.tracking.get(ctx.client);
    check(&options, before)?;
    let prefixes = match (options.broadcast, options.prefixes.is_empty()) {
        // All keys.
        (true, true) => [Box::default()].into(),
        _ => options.prefixes.iter().map(|prefix| Box::from(*prefix)).collect(),
    };
    let mode = match () {
        () if options.broadcast => Mode::Broadcast,
        () if options.opt_in => Mode::OptIn,
        () if options.opt_out => Mode::OptOut,
        () => Mode::All,
    };
    let (redirect, no_loop) = (options.redirect.filter(|id| *id != ctx.client), options.no_loop);
    ctx.engine.track(ctx.client, Tracker { mode, no_loop, redirect, prefixes, ..Tracker::default() });
    Ok(Reply::OK)
}

/// Whether the options fit each other, and how the client tracks already.
fn check(options: &Options<'_>, before: Option<&Tracker>) -> Result<(), Refusal> {
    let mode = before.map(|b| b.mode);
    let switches = (options.opt_in && mode == Some(Mode::OptOut)) || (options.opt_out && mode == Some(Mode::OptIn));
    match () {
        () if !options.broadcast && !options.prefixes.is_empty() => Err(error::connection::PREFIX_WITHOUT_BCAST),
        () if mode.is_some_and(|mode| (mode == Mode::Broadcast) != options.broadcast) => {
            Err(error::connection::SWITCH_BCAST)
        }
        () if options.broadcast && (options.opt_in || options.opt_out) => Err(error::connection::OPT_WITH_BCAST),
        () if options.opt_in && options.opt_out => Err(error::connection::OPT_IN_AND_OUT),
        () if switches => Err(error::connection::SWITCH_OPT),
        () => check_prefixes(&options.prefixes, before),
    }
}

/// Prefixes of a client must not contain each other: a key would be told twice.
fn check_prefixes(prefixes: &[&[u8]], before: Option<&Tracker>) -> Result<(), Refusal> {
    let overlap = |a: &[u8], b: &[u8]| a.starts_with(b) || b.starts_with(a);
    for (i, prefix) in prefixes.iter().enumerate() {
        let mut known = before.into_iter().flat_map(|b| &b.prefixes);
        if let Some(known) = known.find(|known| overlap(known, prefix)) {
            return Err(error::connection::overlaps_existing(prefix, known));
        }
        if let Some(other) = prefixes[i + 1..].iter().find(|other| overlap(other, prefix)) {
            return Err(error::connection::overlaps_provided(prefix, other));
        }
    }
    Ok(())
}
