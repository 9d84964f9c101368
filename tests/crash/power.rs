//! The power goes at a random moment: in the middle of writing, of checkpoints, of the end, of a start, of the very first
//! start. What was not synced is gone then. `always` loses nothing that was acknowledged, `everysec` the end of its history and
//! no more of it than the window that `docs/guarantees.md` states, `no` the end.
//!
//! `CUTS=` says how often in all, a third of them on a file system that keeps less order. A few lives are long enough for the window to matter. The rung proves first that it would
//! notice (`control.rs`).

use std::time::{Duration, Instant};

use brooklet_testkit::Target;
use fastrand::Rng;

use crate::judge::Promise;
use crate::life::{Busy, End, Ground, World};
use crate::volume::{Order, Volume};
use crate::{Outcome, choice, control, number};

/// Room for the data of a life, journal files of the usual size included.
pub const VOLUME_BYTES: u64 = 320 << 20;

/// The window of `everysec`: a sync begins each second. The rest is for threads that wait for a processor, and twice
/// the time of a sync (the one that should have covered an answer, and one before it) is added where it is used.
pub const WINDOW: Duration = Duration::from_millis(1250);

/// When the power goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Moment {
    Writing,
    Checkpoint,
    Ending,
    Start,
    FirstStart,
}

impl Moment {
    const ALL: [Moment; 5] = [Moment::Writing, Moment::Checkpoint, Moment::Ending, Moment::Start, Moment::FirstStart];

    fn any(rng: &mut Rng) -> Moment {
        match rng.u8(..10) {
            0..3 => Moment::Writing,
            3..6 => Moment::Checkpoint,
            6 => Moment::Ending,
            7 => Moment::Start,
            _ => Moment::FirstStart,
        }
    }
}

/// What happened, for the last line.
#[derive(Default)]
struct Counts {
    moments: [usize; Moment::ALL.len()],
    answered: usize,
    lost: usize,
    oldest: Duration,
}

/// The rung.
pub fn run(target: &Target, seed: u64) -> Result<Outcome, String> {
    let cuts = number("CUTS").unwrap_or(100);
    match Volume::make(VOLUME_BYTES) {
        Ok(_) => {}
        Err(why) => return Ok(Outcome::NotRun(format!("a file system to cut off: {why}"))),
    }
    control::run(target, &mut Rng::with_seed(seed))?;
    let only = choice("MODE");
    let shares = [("always", 50), ("everysec", 40), ("no", 10)];
    let wanted: Vec<_> = shares.iter().filter(|(mode, _)| only.as_ref().is_none_or(|only| only == mode)).collect();
    let whole: u64 = wanted.iter().map(|(_, share)| share).sum();
    for (at, (mode, share)) in wanted.into_iter().enumerate() {
        let cuts = (cuts * share).div_ceil(whole);
        // Of a few cuts all may come before anything is answered: that proves nothing.
        let loose = if cuts < 15 { 0 } else { cuts / 3 };
        for (of, (order, cuts)) in [(Order::Usual, cuts - loose), (Order::Loose, loose)].into_iter().enumerate() {
            let mut rng = Rng::with_seed(seed + (at + 10 * of) as u64);
            let held = mode_holds(target, mode, order, cuts, &mut rng);
            held.map_err(|why| format!("appendfsync {mode}, {order:?}: {why}"))?;
        }
    }
    Ok(Outcome::Held)
}

fn mode_holds(target: &Target, mode: &'static str, order: Order, cuts: u64, rng: &mut Rng) -> Result<(), String> {
    if cuts == 0 {
        return Ok(());
    }
    let started = Instant::now();
    let mut world = World::new(target, mode, Ground::Volume(Volume::make_in(order, VOLUME_BYTES)?));
    let mut counts = Counts::default();
    for cut in 1..=cuts {
        // Something has to be there before it can be cut off.
        let moment = if cut == 1 { Moment::FirstStart } else { Moment::any(rng) };
        let held = one_cut(&mut world, mode, moment, &mut counts, rng);
        held.map_err(|why| format!("cut {cut}, {moment:?}: {why}\n{}", world.evidence()))?;
    }
    if counts.answered == 0 {
        return Err("nothing was ever answered, so nothing was tested".to_owned());
    }
    let Counts { moments, answered, lost, oldest } = counts;
    let moments: Vec<String> =
        Moment::ALL.iter().map(|moment| format!("{} {moment:?}", moments[*moment as usize])).collect();
    println!(
        "power cut, {mode}, order {order:?}: {cuts} cuts ({}), {answered} acknowledged operations, {lost} lost, the oldest {} ms before \
         the cut, {:.1} s",
        moments.join(", "),
        oldest.as_millis(),
        started.elapsed().as_secs_f64()
    );
    Ok(())
}

fn one_cut(world: &mut World, mode: &str, moment: Moment, counts: &mut Counts, rng: &mut Rng) -> Result<(), String> {
    // Before the writers begin: it is a sync of its own.
    let sync_time = world.sync_time()?;
    let end = live(world, mode, moment, rng)?;
    let promise = match mode {
        _ if end.was_orderly => Promise::All,
        "always" => Promise::All,
        "everysec" => Promise::Older(WINDOW + 2 * sync_time),
        _ => Promise::Beginning,
    };
    let answered: usize = world.histories.iter().map(|history| history.answers()).sum();
    let loss = world.survey(promise, end.at)?;
    counts.moments[moment as usize] += 1;
    counts.answered += answered;
    counts.lost += loss.lost;
    // Without a promise the age of what is lost says nothing.
    counts.oldest = counts.oldest.max(loss.oldest);
    Ok(())
}

fn live(world: &mut World, mode: &str, moment: Moment, rng: &mut Rng) -> Result<End, String> {
    let mut busy = Busy { life: Duration::from_micros(rng.u64(2_000..150_000)), filling: 0, checkpoints: false };
    if mode == "everysec" && rng.u8(..5) == 0 {
        busy.life = Duration::from_millis(rng.u64(1_000..3_500));
    }
    match moment {
        Moment::Writing => {
            let noticed = rng.u8(..4) == 0;
            world.cut_while_busy(busy, noticed, rng)
        }
        Moment::Checkpoint => {
            let busy = Busy { filling: rng.usize(500..4000), checkpoints: true, ..busy };
            world.cut_while_busy(busy, false, rng)
        }
        Moment::Ending => world.cut_while_ending(busy, Duration::from_millis(rng.u64(..120)), rng),
        Moment::Start => {
            let busy = Busy { filling: rng.usize(..1000), ..busy };
            world.kill_while_busy(busy, rng)?;
            world.cut_while_starting(Duration::from_micros(rng.u64(..80_000)), rng)
        }
        Moment::FirstStart => {
            world.begin(rng)?;
            world.cut_while_starting(Duration::from_micros(rng.u64(..150_000)), rng)
        }
    }
}
