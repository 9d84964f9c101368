//! kill -9 at a random moment, restart on the same folder, compare with what was acknowledged; many times over, in both
//! modes of syncing. A killed process loses nothing that the system has, so both modes must keep every acknowledged
//! effect. (redis-server passes with `always` only: while a sync is running its everysec mode answers before it writes.)

use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use brooklet_testkit::server::Data;
use brooklet_testkit::{Client, Protocol, Server, Target};
use fastrand::Rng;

use crate::check::is_sound;
use crate::history::{History, Survived};
use crate::judge::{Promise, judge};
use crate::life::Ground;
use crate::{Outcome, choice, number, writer};

/// Clients that write at the same time.
pub const WRITERS: usize = 4;

/// What happened, for the last line.
#[derive(Default)]
struct Counts {
    answered: usize,
    unanswered: usize,
    happened: usize,
}

/// The rung.
pub fn run(target: &Target, seed: u64) -> Result<Outcome, String> {
    let rounds = number("ROUNDS").unwrap_or(200);
    let only = choice("MODE");
    let modes: Vec<&str> =
        ["everysec", "always"].into_iter().filter(|m| only.as_ref().is_none_or(|o| o == m)).collect();
    for (at, mode) in modes.iter().enumerate() {
        let rounds = rounds.div_ceil(modes.len() as u64);
        let held = mode_holds(target, mode, rounds, &mut Rng::with_seed(seed + at as u64));
        held.map_err(|why| format!("appendfsync {mode}: {why}"))?;
    }
    Ok(Outcome::Held)
}

fn mode_holds(target: &Target, mode: &str, rounds: u64, rng: &mut Rng) -> Result<(), String> {
    let ground = Ground::any()?;
    let folder = ground.path().join("data");
    std::fs::create_dir(&folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    let started = Instant::now();
    // Each start begins a journal file, and the next checkpoint may be a hundred starts away: small ones, for the volume.
    let flags = ["--appendfsync", mode, "--journal-segment-bytes", "2mb"].map(str::to_owned);
    let mut server =
        Server::start(target, Data::Durable(folder.clone()), &flags).map_err(|e| format!("no start: {e}"))?;
    let mut histories: Vec<History> = (0..WRITERS).map(History::new).collect();
    let mut counts = Counts::default();
    for round in 1..=rounds {
        one_round(target, &folder, &mut server, &mut histories, &mut counts, rng).map_err(|why| {
            let kept = folder_kept(&folder);
            format!("round {round}: {why}\n{}\ndata: {kept}", server.output())
        })?;
    }
    server.kill().map_err(|e| e.to_string())?;
    is_sound(target, &folder)?;
    let Counts { answered, unanswered, happened } = counts;
    if answered == 0 {
        return Err("nothing was ever answered, so nothing was tested".to_owned());
    }
    println!(
        "kill -9, {mode}: {rounds} kills, {answered} acknowledged operations kept, {happened} of {unanswered} unanswered \
         ones had happened, {:.1} s",
        started.elapsed().as_secs_f64()
    );
    Ok(())
}

fn one_round(
    target: &Target,
    folder: &Path,
    server: &mut Server,
    histories: &mut [History],
    counts: &mut Counts,
    rng: &mut Rng,
) -> Result<(), String> {
    let life = Duration::from_micros(rng.u64(5_000..60_000));
    let killed = while_written(server, histories, rng, |server| {
        thread::sleep(life);
        server.kill().map_err(|e| e.to_string())
    });
    killed?;
    let end = Instant::now();
    is_sound(target, folder)?;
    server.restart().map_err(|e| format!("no restart: {e}"))?;
    let mut client = connect(server)?;
    let survived = look(histories, &mut client)?;
    judge(histories, &survived, Promise::All, end)?;
    for (history, survived) in histories.iter_mut().zip(survived) {
        counts.answered += history.answers();
        counts.unanswered += history.steps.len() - history.answers();
        counts.happened += survived.at_most.saturating_sub(history.answers());
        history.adopt(survived);
    }
    Ok(())
}

/// Lets all writers write while `end` does what ends the server; what a writer or `end` complains of.
pub fn while_written<T>(
    server: &mut Server,
    histories: &mut [History],
    rng: &mut Rng,
    end: impl FnOnce(&mut Server) -> Result<T, String>,
) -> Result<T, String> {
    thread::scope(|scope| {
        let start = |history| {
            let (client, mut rng) = (server.connect(Protocol::Resp2), rng.fork());
            scope.spawn(move || match client {
                Ok(client) => writer::write(history, client, &mut rng),
                // The end may come before the first connection.
                Err(_) => Ok(()),
            })
        };
        let writers: Vec<_> = histories.iter_mut().map(start).collect();
        let ended = end(server);
        if ended.is_err() {
            // Nobody else would end the writers.
            let _ = server.kill();
        }
        let wrong: Vec<String> =
            writers.into_iter().filter_map(|writer| writer.join().expect("a writer's thread").err()).collect();
        match wrong.first() {
            Some(wrong) => Err(wrong.clone()),
            None => ended,
        }
    })
}

/// What survived of each history. Deletes the stream that all share.
pub fn look(histories: &[History], client: &mut Client) -> Result<Vec<Survived>, String> {
    let survived = histories.iter().map(|history| history.survived(client)).collect();
    client.call(&["DEL", "shared"]).map_err(|why| format!("DEL: {why:?}"))?;
    survived
}

/// A connection for looking.
pub fn connect(server: &Server) -> Result<Client, String> {
    server.connect(Protocol::Resp2).map_err(|e| e.to_string())
}

/// Copies the data away from the temporary folder, for whoever looks into the failure.
pub fn folder_kept(folder: &Path) -> String {
    let kept = std::env::temp_dir().join(format!("brooklet-crash-{}", std::process::id()));
    let copied = std::process::Command::new("cp").arg("-a").arg(folder).arg(&kept).output();
    if copied.is_ok_and(|copied| copied.status.success()) { kept.display().to_string() } else { "not kept".to_owned() }
}
