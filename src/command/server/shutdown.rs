//! SHUTDOWN: ends the server. The caller gets no reply but the end of the connection.
//!
//! The journal is synced; no checkpoint is made, because a restart replays the journal. NOSAVE ends without the sync.
//! NOW and FORCE change nothing: there are no replicas to wait for, and a failed checkpoint loses nothing. Only NOSAVE ends
//! a script that runs (`command/gate.rs`).

use crate::broker::Ctx;
use crate::broker::client::ReplyMode;
use crate::broker::tasks::Ending;
use crate::command::args::Args;
use crate::command::error::{self, Refusal};
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::reply::Reply;

/// SHUTDOWN.
pub static SPEC: Spec = Spec {
    name: "shutdown",
    summary: "Ends the server.",
    since: "1.0.0",
    group: Group::Server,
    complexity: "O(1), and one sync of the journal",
    arity: -1,
    flags: &[Flag::Admin, Flag::NoScript, Flag::Loading, Flag::Stale, Flag::NoMulti, Flag::AllowBusy],
    keys: Keys::None,
    syntax: "[NOSAVE | SAVE] [NOW] [FORCE] [ABORT]",
    kind: Kind::Admin(run),
    subcommands: &[],
};

#[derive(Debug, Default, PartialEq)]
struct Options {
    save: bool,
    no_save: bool,
    abort: bool,
    hurry: bool,
}

fn parse(args: Args<'_>) -> Result<Options, Refusal> {
    let mut options = Options::default();
    for word in args.from(1).iter() {
        match word.to_ascii_uppercase().as_slice() {
            b"NOSAVE" => options.no_save = true,
            b"SAVE" => options.save = true,
            b"NOW" | b"FORCE" => options.hurry = true,
            b"ABORT" => options.abort = true,
            _ => return Err(error::SYNTAX),
        }
    }
    let with_abort = options.abort && (options.save || options.no_save || options.hurry);
    if with_abort || (options.save && options.no_save) { Err(error::SYNTAX) } else { Ok(options) }
}

/// Whether a call ends the server, but not in the middle of a script: without NOSAVE.
pub fn is_gentle(spec: &Spec, args: Args<'_>) -> bool {
    spec.name == SPEC.name && parse(args).is_ok_and(|options| !options.no_save && !options.abort)
}

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    let options = parse(args)?;
    if options.abort {
        // It never takes long enough to be called off.
        return Err(error::server::NO_SHUTDOWN);
    }
    if let Some(client) = ctx.engine.clients.get_mut(ctx.client) {
        client.reply_mode = ReplyMode::Off;
        client.close_after_reply = true;
    }
    ctx.engine.tasks.end(if options.no_save { Ending::Abrupt } else { Ending::Orderly });
    Ok(Reply::OK)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::args::OwnedArgs;

    #[test]
    fn options_that_exclude_each_other() {
        let parsed = |call: &str| parse(OwnedArgs::collect(call.split(' ')).as_args()).is_ok();
        assert!(parsed("SHUTDOWN now force nosave"));
        for bad in ["SHUTDOWN SAVE NOSAVE", "SHUTDOWN ABORT NOW", "SHUTDOWN x"] {
            assert!(!parsed(bad), "{bad}");
        }
    }
}
