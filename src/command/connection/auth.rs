//! AUTH: makes the connection another user, who has to give its password. A password alone is that of the default user.

use crate::broker::Ctx;
use crate::broker::wait::Park;
use crate::command::args::Args;
use crate::command::error::{self, Refusal};
use crate::command::permission;
use crate::command::spec::{Flag, Group, Keys, Kind, Spec};
use crate::reply::Reply;

/// AUTH.
pub static SPEC: Spec = Spec {
    name: "auth",
    summary: "Authenticates the connection.",
    since: "1.0.0",
    group: Group::Connection,
    complexity: "O(1)",
    arity: -2,
    flags: &[Flag::NoScript, Flag::Loading, Flag::Stale, Flag::Fast, Flag::NoAuth, Flag::AllowBusy],
    keys: Keys::None,
    syntax: "[username] password",
    kind: Kind::Session(run),
    subcommands: &[],
};

/// The user that a password alone stands for.
const DEFAULT_USER: &[u8] = b"default";

fn run(ctx: &mut Ctx<'_>, args: Args<'_>) -> Result<Reply, Refusal> {
    match (args.get(1), args.get(2), args.len()) {
        (Some(_), None, _) if ctx.engine.access.users.named(DEFAULT_USER).is_some_and(|user| user.nopass) => {
            Err(error::connection::AUTH_UNASKED)
        }
        (Some(password), None, _) => log_in(ctx, "AUTH", DEFAULT_USER, password).map(|()| Reply::OK),
        (Some(user), Some(password), 3) => log_in(ctx, "AUTH", user, password).map(|()| Reply::OK),
        _ => Err(error::SYNTAX),
    }
}

/// Makes the calling connection a user, or refuses. `verb` is the one with which that is tried.
pub(super) fn log_in(ctx: &mut Ctx<'_>, verb: &str, user: &[u8], password: &[u8]) -> Result<(), Refusal> {
    let is_right = ctx.engine.log_in(ctx.client, user, password);
    let delay_ms = ctx.engine.note_password(ctx.client, is_right);
    if is_right {
        return Ok(());
    }
    permission::note_login(ctx.engine, ctx.client, verb, user);
    Err(match delay_ms {
        None => error::connection::WRONG_PASSWORD,
        Some(delay_ms) => late(ctx, error::connection::WRONG_PASSWORD, delay_ms),
    })
}

/// The same refusal, but not before `delay_ms`.
fn late(ctx: &mut Ctx<'_>, refusal: Refusal, delay_ms: u64) -> Refusal {
    let Refusal::Wire(line) = refusal else { return refusal };
    ctx.engine.stats.count_error(&line);
    let answer = Reply::Error(line);
    Refusal::Park(Box::new(Park {
        keys: Vec::new(),
        timeout_ms: delay_ms,
        look_again_ms: None,
        queue: None,
        rewritten: None,
        empty: answer.clone(),
        at_once: answer,
    }))
}

#[cfg(test)]
mod tests {
    use crate::broker::client::{Origin, Traffic};
    use crate::broker::clock::{Clock, ManualClock};
    use crate::broker::shared::Shared;
    use crate::command::args::OwnedArgs;
    use crate::config::Config;
    use crate::reply::Reply;
    use crate::session::{Outgoing, Seat, Stop};
    use std::time::Duration;

    /// What is answered at once, and whether the client waits.
    fn call(seat: &Seat, words: &[&str]) -> (Option<Reply>, bool) {
        let (call, mut answer) = (OwnedArgs::collect(words), None);
        let turn = seat.run(
            |i| (i == 0).then(|| call.as_args()),
            0,
            Traffic::default(),
            |_, out| {
                if let Outgoing::Reply(reply) = out {
                    answer = Some(reply);
                }
                true
            },
        );
        (answer, matches!(turn.stop, Stop::Parked(_)))
    }

    #[test]
    fn a_wrong_password_from_another_machine_is_answered_late_and_a_right_one_at_once() {
        let mut config = Config::default();
        config.prepare("requirepass", "secret").unwrap();
        config.memory = true;
        let clock = ManualClock::at(1_000_000);
        let (shared, threads) = Shared::volatile(config, Clock::Manual(clock));
        shared.engine().set_default_password();
        let from = |addr: &str, fd| Seat::open(&shared, Origin::remote(addr.into(), String::new(), fd)).unwrap();
        let (far, other) = (from("203.0.113.5:1", 100), from("203.0.113.5:2", 101));
        assert_eq!(call(&far, &["AUTH", "wrong"]), (None, true));
        assert_eq!(
            call(&other, &["AUTH", "secret"]),
            (Some(Reply::OK), false),
            "others behind the address do not wait"
        );
        assert_eq!(call(&other, &["HELLO", "3", "AUTH", "default", "wrong"]), (None, true));
        let near = from("127.0.0.1:3", 102);
        let (answer, waits) = call(&near, &["AUTH", "wrong"]);
        assert!(matches!(answer, Some(Reply::Error(line)) if line.starts_with("WRONGPASS")) && !waits);
        drop((far, other, near));
        shared.end(crate::broker::tasks::Ending::Orderly);
        shared.close(threads).unwrap();
    }

    #[test]
    fn strangers_keep_no_places_from_others_for_long() {
        let mut config = Config::default();
        config.prepare("requirepass", "secret").unwrap();
        config.prepare("maxclients", "8").unwrap();
        config.memory = true;
        let clock = ManualClock::at(1_000_000);
        let (shared, threads) = Shared::volatile(config, Clock::Manual(clock.clone()));
        shared.engine().set_default_password();
        let come = |i: i32| Seat::open(&shared, Origin::remote(format!("127.0.0.1:{i}"), String::new(), i)).unwrap();
        let crowd: Vec<Seat> = (0..6).map(come).collect();
        assert!(crowd.iter().all(|seat| !seat.is_killed()), "they have just come");
        assert_eq!(call(&crowd[0], &["AUTH", "secret"]).0, Some(Reply::OK));
        clock.advance(Duration::from_secs(1));
        let _new = come(7);
        let killed: Vec<bool> = crowd.iter().map(Seat::is_killed).collect();
        assert_eq!(killed, [false, true, true, true, true, false], "a quarter may stay, the newest");
        drop(crowd);
        shared.end(crate::broker::tasks::Ending::Orderly);
        shared.close(threads).unwrap();
    }
}
