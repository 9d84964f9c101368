//! The process ends exactly at its first, second, third ... call of each kind that changes files or makes them durable: in the first
//! start, while it writes, in checkpoints. What is on disk between each two of those steps has to be a state that starts.

use std::time::Duration;

use brooklet_testkit::Target;
use fastrand::Rng;

use super::Trouble;
use crate::judge::Promise;
use crate::life::{Busy, Ground, World};
use crate::power::{VOLUME_BYTES, WINDOW};
use crate::trace;
use crate::volume::Volume;

/// Calls that are swept over.
const CALLS: [&str; 6] =
    ["fdatasync", "fsync", "pwrite64", "rename,renameat,renameat2", "unlink,unlinkat", "mkdir,mkdirat"];
/// Which of them: the first ones each, later ones now and then.
const AT: [usize; 16] = [1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 15, 19, 24, 30, 45, 70];
/// A sweep ends when this many in a row were never reached.
const MISSES: usize = 2;

/// The process is killed; the system lives.
pub fn killed(target: &Target, mode: &'static str, rng: &mut Rng) -> Result<usize, Trouble> {
    let folder = tempfile::tempdir().map_err(|e| e.to_string())?;
    Ok(sweep(World::new(target, mode, Ground::Folder(folder)), target, false, Promise::All, rng)?)
}

/// And the power goes at that moment.
pub fn cut(target: &Target, mode: &'static str, rng: &mut Rng) -> Result<usize, Trouble> {
    let volume = Volume::make(VOLUME_BYTES).map_err(Trouble::NotRun)?;
    let promise = if mode == "always" { Promise::All } else { Promise::Older(WINDOW) };
    Ok(sweep(World::new(target, mode, Ground::Volume(volume)), target, true, promise, rng)?)
}

fn sweep(mut world: World, target: &Target, cut: bool, promise: Promise, rng: &mut Rng) -> Result<usize, String> {
    let mut hits = 0;
    for calls in CALLS {
        let mut misses = 0;
        for at in AT {
            let ended = one_end(&mut world, target, calls, at, cut, promise, rng);
            let hit = ended.map_err(|why| format!("at the {at}. {calls}: {why}\n{}", world.evidence()))?;
            hits += usize::from(hit);
            misses = if hit { 0 } else { misses + 1 };
            if misses == MISSES {
                break;
            }
        }
    }
    if hits == 0 {
        return Err("no call was ever reached".to_owned());
    }
    Ok(hits)
}

fn one_end(
    world: &mut World,
    target: &Target,
    calls: &str,
    at: usize,
    cut: bool,
    promise: Promise,
    rng: &mut Rng,
) -> Result<bool, String> {
    // Every other one goes on where the last one ended.
    if at == 1 || at.is_multiple_of(2) {
        world.begin(rng)?;
    }
    let traced = trace::from_start(target, &format!("{calls}:signal=KILL:when={at}"))?;
    let busy = Busy { life: Duration::from_millis(250), filling: rng.usize(500..4000), checkpoints: true };
    let (end, hit) = world.until_killed(traced.target(), busy, cut, rng)?;
    world.survey(promise, end.at)?;
    Ok(hit)
}
