//! Every failpoint of `storage/src/failpoint.rs`, one after the other: the server is killed there, panics there, is told of a broken
//! disk there, finds it full there, or takes its time there, while everybody writes. Then it is started again without failpoints, and has to have all that
//! was acknowledged. A point that is never reached fails the rung.
//!
//! It takes a server that was built with the feature `failpoints`: `./x crash failpoints`. `POINT=backup` leaves out the points
//! without that word in their names, `DEED=kill` all but that.

#[cfg(feature = "failpoints")]
mod scene;
#[cfg(feature = "failpoints")]
mod shot;

#[cfg(not(feature = "failpoints"))]
pub fn run(_: &brooklet_testkit::Target, _: u64) -> Result<crate::Outcome, String> {
    Ok(crate::Outcome::NotRun("built without the feature".to_owned()))
}

#[cfg(feature = "failpoints")]
pub use sweep::run;

#[cfg(feature = "failpoints")]
mod sweep {
    use std::sync::Mutex;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::time::Instant;

    use brooklet_storage::failpoint::{Deed, Point};
    use brooklet_testkit::Target;
    use fastrand::Rng;

    use super::shot::{Fate, Range, Shot};
    use crate::life::Ground;
    use crate::{Outcome, choice, control};

    /// Servers that live at the same time: each waits for its disk most of the time.
    const RANGES: usize = 2;

    /// The rung.
    pub fn run(target: &Target, seed: u64) -> Result<Outcome, String> {
        control::sync_left_out(target, &mut Rng::with_seed(seed))?;
        let started = Instant::now();
        let shots = shots();
        let count = |deed| shots.iter().filter(|shot| shot.deed == deed).count();
        let deeds = [Deed::Kill, Deed::Panic, Deed::Eio, Deed::Enospc, Deed::Delay];
        let [kills, panics, errors, full, delays] = deeds.map(count);
        let fates = fire(target, seed, &shots)?;
        let ended = |fate| fates.iter().filter(|found| **found == fate).count();
        let points = Point::ALL.iter().filter(|point| shots.iter().any(|shot| shot.point == **point)).count();
        println!(
            "failpoints: {points} points, each reached: {kills} kills, {panics} panics, {errors} errors, {full} full disks, {delays} \
             delays; of panics, errors and full disks {} ended the server, {} its start, {} nothing; nothing acknowledged was lost, {:.1} s",
            ended(Fate::Ended),
            ended(Fate::Refused),
            ended(Fate::WentOn),
            started.elapsed().as_secs_f64()
        );
        Ok(Outcome::Held)
    }

    /// Kills in both modes of syncing, the rest in one of them, by turns.
    fn shots() -> Vec<Shot> {
        let mut shots = Vec::new();
        let (word, only) = (choice("POINT").unwrap_or_default(), choice("DEED"));
        for (at, point) in Point::ALL.iter().copied().enumerate().filter(|(_, point)| point.name().contains(&word)) {
            let mut add = |deed, mode| shots.push(Shot { point, deed, mode });
            for mode in ["always", "everysec"] {
                add(Deed::Kill, mode);
            }
            let modes = if at % 2 == 0 { ["always", "everysec"] } else { ["everysec", "always"] };
            add(Deed::Panic, modes[0]);
            if point.can_fail() {
                add(Deed::Eio, modes[1]);
            }
            if point.takes_room() {
                add(Deed::Enospc, modes[0]);
            }
            add(Deed::Delay, modes[0]);
        }
        shots.retain(|shot| only.as_ref().is_none_or(|only| only == shot.deed.word()));
        shots
    }

    /// Fires all of them; the first failure ends it.
    fn fire(target: &Target, seed: u64, shots: &[Shot]) -> Result<Vec<Fate>, String> {
        let left = Mutex::new(shots.iter().enumerate());
        let (fates, has_failed) = (Mutex::new(Vec::new()), AtomicBool::new(false));
        let range = || -> Result<(), String> {
            let ground = Ground::any()?;
            let mut range = Range::on(target, &ground)?;
            while !has_failed.load(Ordering::Relaxed) {
                let next = left.lock().expect("nobody panics with it").next();
                let Some((at, shot)) = next else { return Ok(()) };
                let fired = range.fire(shot, &mut Rng::with_seed(seed + at as u64));
                let fate = fired.map_err(|why| format!("{shot}: {why}\n{}", range.evidence()));
                has_failed.fetch_or(fate.is_err(), Ordering::Relaxed);
                fates.lock().expect("nobody panics with it").push(fate?);
            }
            Ok(())
        };
        std::thread::scope(|scope| {
            let ranges: Vec<_> = (0..RANGES).map(|_| scope.spawn(range)).collect();
            ranges.into_iter().try_for_each(|range| range.join().expect("a range's thread"))
        })?;
        Ok(fates.into_inner().expect("nobody panics with it"))
    }
}
