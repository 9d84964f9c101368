//! One failpoint, one deed: a life in which it happens, how that life ends, and what is there afterwards.

use std::fmt::{Display, Formatter};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::time::{Duration, Instant};

use brooklet_storage::backup;
use brooklet_storage::failpoint::{Deed, Point};
use brooklet_testkit::{Protocol, Server, Target};
use fastrand::Rng;

use super::scene::{Prodder, Scene, is_survived, waits_for_room};
use crate::judge::Promise;
use crate::life::{Ground, STORAGE_FAILED, World};

/// How long it may take until a point is reached, and until a server that has to end has ended.
const PATIENCE: Duration = Duration::from_secs(10);
/// The same for a point that is passed a few times first: perhaps it is reached only once.
const IMPATIENCE: Duration = Duration::from_millis(700);
/// After this a server that did not end is asked whether it goes on.
const MOMENT: Duration = Duration::from_millis(100);

/// What is done where.
#[derive(Clone, Copy, Debug)]
pub struct Shot {
    pub point: Point,
    pub deed: Deed,
    pub mode: &'static str,
}

impl Display for Shot {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} at {}, {}", self.deed.word(), self.point.name(), self.mode)
    }
}

/// What became of the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It ended as it says it would.
    Ended,
    /// It did not start, and said why.
    Refused,
    /// It went on serving.
    WentOn,
    /// It was to be killed or delayed, and was.
    AsTold,
}

/// A place for shots, one after the other.
pub struct Range {
    target: Target,
    worlds: [World; 2],
    used: usize,
    scratch: tempfile::TempDir,
}

impl Range {
    pub fn on(target: &Target, ground: &Ground) -> Result<Range, String> {
        let scratch = tempfile::tempdir().map_err(|e| e.to_string())?;
        let folder = || tempfile::tempdir_in(ground.path()).map(Ground::Folder).map_err(|e| e.to_string());
        let worlds = [World::new(target, "always", folder()?), World::new(target, "everysec", folder()?)];
        Ok(Range { target: target.clone(), worlds, used: 0, scratch })
    }

    /// Fires, and looks at what is left. The point may be passed a few times before.
    pub fn fire(&mut self, shot: &Shot, rng: &mut Rng) -> Result<Fate, String> {
        self.used = usize::from(shot.mode != "always");
        let passed = match shot.deed {
            _ if !Scene::is_frequent(shot.point) => 0,
            // Later than in the start, which may give up.
            Deed::Enospc => rng.usize(4..9),
            _ => rng.usize(..4),
        };
        if passed > 0
            && let Some(fate) = self.life(shot, passed, rng)?
        {
            return Ok(fate);
        }
        self.life(shot, 0, rng)?.ok_or_else(|| "the point was never reached".to_owned())
    }

    /// One life; what came of it, if the point was reached.
    fn life(&mut self, shot: &Shot, passed: usize, rng: &mut Rng) -> Result<Option<Fate>, String> {
        let scene = Scene::of(shot.point);
        let world = &mut self.worlds[self.used];
        world.begin_as(&scene.flags())?;
        world.histories.iter_mut().for_each(|history| history.may_be_refused = shot.deed == Deed::Enospc);
        if scene == Scene::Again {
            killed(world, &self.target, rng)?;
        }
        scene.furnish(world.folder()).map_err(|e| e.to_string())?;
        // A disk is full for a while.
        let times = if shot.deed == Deed::Enospc { rng.usize(1..4) } else { 1 };
        let armed = Armed::new(&self.target, self.scratch.path(), shot, passed, times)?;
        let patience = match shot.deed {
            _ if passed == 0 => PATIENCE,
            Deed::Enospc => PATIENCE / 2,
            _ => IMPATIENCE,
        };
        let lived = world.live(&armed.target, scene.is_written(), rng, |server| {
            let hit = reach(server, &armed, scene, patience);
            let fate = if hit { Some(fate(server, shot)) } else { None };
            server.kill().map_err(|e| e.to_string())?;
            fate.transpose()
        })?;
        let end = Instant::now();
        let fate = match lived {
            Ok(fate) => fate,
            Err(why) if armed.is_hit() => Some(no_start(&why, shot)?),
            Err(why) => return Err(format!("no start: {why}")),
        };
        world.survey(Promise::All, end)?;
        backups_are_whole(world.folder())?;
        Ok(fate)
    }

    /// See [`World::evidence`].
    pub fn evidence(&mut self) -> String {
        self.worlds[self.used].evidence()
    }
}

/// A server that was killed some time after a checkpoint. What was not answered has to be looked at before anybody writes more.
fn killed(world: &mut World, target: &Target, rng: &mut Rng) -> Result<(), String> {
    let saved = world.live(target, true, rng, |server| {
        std::thread::sleep(MOMENT / 2);
        let saved = server.connect(Protocol::Resp2).map_err(|e| e.to_string())?.call(&["SAVE"]);
        std::thread::sleep(MOMENT / 2);
        server.kill().map_err(|e| e.to_string())?;
        saved.map_err(|why| format!("SAVE: {why:?}"))
    })?;
    saved?;
    world.survey(Promise::All, Instant::now()).map(drop)
}

/// A server with one failpoint, and what it says of it.
struct Armed {
    target: Target,
    marks: PathBuf,
}

impl Armed {
    fn new(target: &Target, scratch: &Path, shot: &Shot, passed: usize, times: usize) -> Result<Armed, String> {
        let marks = scratch.join("marks");
        std::fs::write(&marks, "").map_err(|e| format!("{}: {e}", marks.display()))?;
        let passed = if passed > 0 { format!("{passed}*off->") } else { String::new() };
        let told = format!("{}={passed}{times}*return({})", shot.point.name(), shot.deed.word());
        let target = target.clone().with("FAILPOINTS", &told).with("FAILPOINT_MARKS", &marks.to_string_lossy());
        // What a panic says has to be among the last lines.
        let target = target.with("RUST_BACKTRACE", "0");
        Ok(Armed { target, marks })
    }

    fn is_hit(&self) -> bool {
        std::fs::read_to_string(&self.marks).is_ok_and(|marks| !marks.is_empty())
    }
}

/// Does what leads to the point until it is reached; whether it was.
fn reach(server: &mut Server, armed: &Armed, scene: Scene, patience: Duration) -> bool {
    let (began, mut prodder) = (Instant::now(), Prodder::of(server));
    while !armed.is_hit() && began.elapsed() < patience {
        if scene == Scene::End && began.elapsed() > MOMENT {
            let _ = server.ask_to_end();
            server.ended(patience);
            break;
        }
        prodder.prod();
    }
    armed.is_hit()
}

/// How the server bears it.
fn fate(server: &mut Server, shot: &Shot) -> Result<Fate, String> {
    match shot.deed {
        Deed::Kill => match server.ended(PATIENCE) {
            Some(status) if status.signal() == Some(9) => Ok(Fate::AsTold),
            other => Err(format!("it was to be killed, and ended with {other:?}")),
        },
        Deed::Delay => {
            std::thread::sleep(2 * MOMENT);
            if server.is_running() {
                server.terminate().map_err(|e| e.to_string())?;
            }
            match server.ended(PATIENCE) {
                Some(status) if status.success() => Ok(Fate::AsTold),
                other => Err(format!("after a delay it ended with {other:?}")),
            }
        }
        Deed::Enospc if waits_for_room(shot.point) => heals(server),
        _ => {
            let may_go_on = is_survived(shot.point, shot.deed);
            match server.ended(if may_go_on { MOMENT } else { PATIENCE }) {
                Some(status) => in_good_order(status, server, shot),
                None if !may_go_on => Err("it goes on, or hangs".to_owned()),
                None if goes_on(server) => Ok(Fate::WentOn),
                // It may have been about to end.
                None => match server.ended(PATIENCE) {
                    Some(status) => in_good_order(status, server, shot),
                    None => Err("it neither ends nor answers".to_owned()),
                },
            }
        }
    }
}

/// Whether somebody who comes now is served, writes included.
fn goes_on(server: &Server) -> bool {
    let Ok(mut client) = server.connect(Protocol::Resp2) else { return false };
    client.call(&["SET", "goes", "on"]).is_ok_and(|reply| !reply.is_error())
}

/// The disk has room again: writes go on, and so do checkpoints.
fn heals(server: &mut Server) -> Result<Fate, String> {
    // A file has to be made ready for that, and synced, on a disk that others use, too.
    let deadline = Instant::now() + 3 * PATIENCE;
    while !goes_on(server) || !is_saved(server) {
        if !server.is_running() || Instant::now() > deadline {
            return Err(format!("there is room again, and it does not go on:\n{}", server.output()));
        }
        std::thread::sleep(MOMENT / 5);
    }
    Ok(Fate::WentOn)
}

/// Whether a checkpoint and a backup can be made. (A backup that failed is not made by itself another time.)
fn is_saved(server: &Server) -> bool {
    let Ok(mut client) = server.connect(Protocol::Resp2) else { return false };
    client.call(&["SAVE"]).is_ok_and(|reply| !reply.is_error())
}

/// It ended with the code for it, and said why; in the middle of its end, perhaps without being disturbed.
fn in_good_order(status: ExitStatus, server: &Server, shot: &Shot) -> Result<Fate, String> {
    let output = server.output();
    match status.code() {
        Some(STORAGE_FAILED) if output.contains(told(shot.deed)) => Ok(Fate::Ended),
        _ => Err(format!("it ended with {status}, and says:\n{output}")),
    }
}

/// It did not start, with the code for it, and said why.
fn no_start(why: &str, shot: &Shot) -> Result<Fate, String> {
    // Some threads run before anybody is let in: then it has started already, and ends as it would later.
    let fates = [("exit status: 3", Fate::Ended), ("exit status: 1", Fate::Refused), ("signal: 9", Fate::AsTold)];
    let allowed = match shot.deed {
        Deed::Panic => &fates[..1],
        Deed::Eio => &fates[..2],
        Deed::Enospc => &fates[1..2],
        Deed::Kill => &fates[2..],
        _ => &[],
    };
    match allowed.iter().find(|(code, _)| why.contains(code)) {
        Some((_, fate)) if why.contains(told(shot.deed)) => Ok(*fate),
        _ => Err(format!("no start: {why}")),
    }
}

/// What the server has to say of it.
fn told(deed: Deed) -> &'static str {
    match deed {
        Deed::Panic => "panicked",
        Deed::Eio => "Input/output error",
        Deed::Enospc => "No space left on device",
        _ => "",
    }
}

/// What looks like a whole backup is one.
fn backups_are_whole(folder: &Path) -> Result<(), String> {
    let root = backup::folder_of(folder);
    for (name, _) in backup::list(&root).map_err(|e| e.to_string())? {
        match backup::verify(&root.join(&name), |_| ()) {
            Ok(findings) if findings.is_empty() => {}
            other => return Err(format!("the backup {name}: {other:?}")),
        }
    }
    Ok(())
}
