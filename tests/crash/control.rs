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
    sync_left_out(target, rng)?;
    never_synced(target, rng)?;
    println!("power cut: the controls fail, as they should: syncs skipped; appendfsync no; histories out of order");
    Ok(())
}

/// `always` on a system whose syncs do nothing and say that they did.
fn sync_skipped(target: &Target, rng: &mut Rng) -> Result<(), String> {
    let volume = Volume::make(VOLUME_BYTES)?;
    let traced = trace::from_start(target, &format!("{SYNCS}:retval=0"))?;
    is_missed(target, traced.target(), volume, || traced.hits(), rng)
}

/// `always` on a disk that leaves out the syncs of the journal: a failpoint of the server does that.
#[cfg(feature = "failpoints")]
pub fn sync_left_out(target: &Target, rng: &mut Rng) -> Result<(), String> {
    let volume = match Volume::make(VOLUME_BYTES) {
        Ok(volume) => volume,
        Err(why) => {
            println!("NOT RUN: the control of syncs that a failpoint leaves out: {why}");
            return Ok(());
        }
    };
    let marks = tempfile::NamedTempFile::new().map_err(|e| e.to_string())?;
    let lying = target.clone().with("FAILPOINTS", "journal-sync=return(skip)");
    let lying = lying.with("FAILPOINT_MARKS", &marks.path().to_string_lossy());
    let hits = || std::fs::read_to_string(marks.path()).map_or(0, |marks| marks.lines().count());
    is_missed(target, &lying, volume, hits, rng)?;
    println!("power cut: without the syncs that a failpoint leaves out, acknowledged data is missed, as it should be");
    Ok(())
}

/// The same in a build without failpoints.
#[cfg(not(feature = "failpoints"))]
fn sync_left_out(_: &Target, _: &mut Rng) -> Result<(), String> {
    println!("NOT RUN: the control of syncs that a failpoint leaves out: built without the feature `failpoints`");
    Ok(())
}

/// A server on a system that lies has to lose data, and that has to be seen.
fn is_missed(
    target: &Target,
    lying: &Target,
    volume: Volume,
    hits: impl Fn() -> usize,
    rng: &mut Rng,
) -> Result<(), String> {
    let mut world = World::new(target, "always", Ground::Volume(volume));
    world.begin(rng)?;
    world.start(Some(lying))?;
    let busy = Busy { life: Duration::from_millis(600), filling: 0, checkpoints: false };
    let end = world.cut_while_busy(busy, false, rng)?;
    let answers: usize = world.histories.iter().map(|history| history.answers()).sum();
    if answers == 0 || hits() == 0 {
        return Err(format!("control: {answers} answers, {} skipped syncs: that proves nothing", hits()));
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
