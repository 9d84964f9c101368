//! Controls of the power cuts: servers that break the promise have to be found out, or the rung proves nothing.

use std::time::Duration;

use brooklet_testkit::Target;
use fastrand::Rng;

use crate::judge::{self, Promise, judge};
use crate::life::{Busy, Ground, World};
use crate::power::VOLUME_BYTES;
use crate::trace;
use crate::volume::Volume;

/// All calls that force something to a disk.
const SYNCS: &str = "fdatasync,fsync,sync_file_range,msync,syncfs,sync";

/// Runs them all.
pub fn run(target: &Target, rng: &mut Rng) -> Result<(), String> {
    judge::control()?;
    match trace::missing() {
        None => sync_skipped(target, rng)?,
        Some(why) => println!("NOT RUN: the control of skipped syncs: {why}"),
    }
    never_synced(target, rng)?;
    println!("power cut: the controls fail, as they should: syncs skipped; appendfsync no; histories out of order");
    Ok(())
}

/// `always` on a system whose syncs do nothing and say that they did.
fn sync_skipped(target: &Target, rng: &mut Rng) -> Result<(), String> {
    let mut world = World::new(target, "always", Ground::Volume(Volume::make(VOLUME_BYTES)?));
    world.begin(rng)?;
    let traced = trace::from_start(target, &format!("{SYNCS}:retval=0"))?;
    world.start(Some(traced.target()))?;
    let busy = Busy { life: Duration::from_millis(300), filling: 0, checkpoints: false };
    let end = world.cut_while_busy(busy, false, rng)?;
    let answers: usize = world.histories.iter().map(|history| history.answers()).sum();
    if answers == 0 || traced.hits() == 0 {
        return Err(format!("control: {answers} answers, {} skipped syncs: that proves nothing", traced.hits()));
    }
    match world.found() {
        // It cannot even start, or what it left is unsound: that is noticing, too.
        Err(why) if why.contains("no restart") || why.contains("brooklet check") => Ok(()),
        Err(why) => Err(format!("control: {why}")),
        Ok(survived) => match judge(&world.histories, &survived, Promise::All, end.at) {
            Err(_) => Ok(()),
            Ok(_) => Err(format!("control: syncs did nothing, and yet none of {answers} answers was missed")),
        },
    }
}

/// `no`, judged by the promises of the other modes.
fn never_synced(target: &Target, rng: &mut Rng) -> Result<(), String> {
    let mut world = World::new(target, "no", Ground::Volume(Volume::make(VOLUME_BYTES)?));
    // A checkpoint is a sync, too.
    world.begin_with("256mb", rng)?;
    world.start(None)?;
    let busy = Busy { life: Duration::from_millis(2000), filling: 0, checkpoints: false };
    let end = world.cut_while_busy(busy, false, rng)?;
    let survived = world.found().map_err(|why| format!("control: {why}"))?;
    let holds = |promise| judge(&world.histories, &survived, promise, end.at);
    for promise in [Promise::All, Promise::Older(crate::power::WINDOW)] {
        if holds(promise).is_ok() {
            return Err(format!("control: `appendfsync no` was found to keep {promise:?}"));
        }
    }
    holds(Promise::Beginning).map(drop).map_err(|why| format!("control: {why}"))
}
