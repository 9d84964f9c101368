//! A server on a volume, its writers, and the ways in which its life ends. What it has after that is looked at by
//! `World::survey`, which is also where the next life begins.

use std::path::PathBuf;
use std::thread::{self, sleep};
use std::time::{Duration, Instant};

use brooklet_testkit::server::Data;
use brooklet_testkit::{Protocol, Server, Target, Value};
use fastrand::Rng;

use crate::check::is_sound;
use crate::history::{History, Survived};
use crate::judge::{Loss, Promise, judge};
use crate::kill::{self, WRITERS, connect, folder_kept, while_written};
use crate::power::VOLUME_BYTES;
use crate::volume::Volume;

/// How long a server may take to notice that its disk is gone.
const NOTICE: Duration = Duration::from_secs(10);
/// The exit code after a failed write or sync.
pub const STORAGE_FAILED: i32 = 3;

/// Where the data is.
pub enum Ground {
    /// Where the power can be cut.
    Volume(Volume),
    /// An ordinary folder.
    Folder(tempfile::TempDir),
}

impl Ground {
    /// For whoever needs no power cuts: a volume where that can be had, because other people's writes do not hold its syncs up.
    pub fn any() -> Result<Ground, String> {
        let folder = || tempfile::tempdir().map(Ground::Folder).map_err(|e| e.to_string());
        Volume::make(VOLUME_BYTES).map(Ground::Volume).or_else(|_| folder())
    }

    /// Where it is.
    pub fn path(&self) -> PathBuf {
        match self {
            Ground::Volume(volume) => volume.folder(),
            Ground::Folder(folder) => folder.path().to_path_buf(),
        }
    }

    fn volume(&self) -> Result<&Volume, String> {
        match self {
            Ground::Volume(volume) => Ok(volume),
            Ground::Folder(_) => Err("an ordinary folder has no power of its own".to_owned()),
        }
    }
}

/// One server and all that is known of it.
pub struct World {
    target: Target,
    mode: &'static str,
    flags: Vec<String>,
    folder: PathBuf,
    folders: usize,
    /// Before the ground, which it stands on: fields go in this order.
    server: Option<Server>,
    ground: Ground,
    pub histories: Vec<History>,
}

/// How a life ended.
#[derive(Clone, Copy, Debug)]
pub struct End {
    /// When the power was still there.
    pub at: Instant,
    /// The server had ended in good order before.
    pub was_orderly: bool,
}

/// What a life is filled with.
#[derive(Clone, Copy, Debug)]
pub struct Busy {
    pub life: Duration,
    /// Bytes of filling in each entry.
    pub filling: usize,
    /// Whether checkpoints are asked for all the time.
    pub checkpoints: bool,
}

impl World {
    pub fn new(target: &Target, mode: &'static str, ground: Ground) -> World {
        let (folder, target) = (ground.path(), target.clone());
        World { target, ground, mode, flags: Vec::new(), folder, folders: 0, server: None, histories: Vec::new() }
    }

    /// Ends what was, and prepares an empty place. Checkpoints come early or never; most journal files are small.
    pub fn begin(&mut self, rng: &mut Rng) -> Result<(), String> {
        let checkpoint_bytes = if rng.bool() { "1mb" } else { "256mb" };
        self.begin_with(checkpoint_bytes, rng)
    }

    /// The same with checkpoints at so many bytes.
    pub fn begin_with(&mut self, checkpoint_bytes: &str, rng: &mut Rng) -> Result<(), String> {
        let segment = if rng.u8(..4) == 0 { "16mb" } else { "1mb" };
        self.begin_as(&["--checkpoint-bytes", checkpoint_bytes, "--journal-segment-bytes", segment])
    }

    /// The same with these flags.
    pub fn begin_as(&mut self, flags: &[&str]) -> Result<(), String> {
        self.server = None;
        if self.folders > 0 {
            let gone = std::fs::remove_dir_all(&self.folder);
            // So that a power cut does not bring it back: such folders would fill the volume after some two hundred cuts.
            let gone = gone.and_then(|()| std::fs::File::open(self.ground.path())?.sync_all());
            gone.map_err(|e| format!("{}: {e}", self.folder.display()))?;
        }
        self.folders += 1;
        self.folder = self.ground.path().join(format!("data{}", self.folders));
        self.flags = ["--appendfsync", self.mode].iter().chain(flags).map(|&flag| flag.to_owned()).collect();
        self.histories = (0..WRITERS).map(History::new).collect();
        Ok(())
    }

    /// Starts the server, perhaps another one than usual.
    pub fn start(&mut self, instead: Option<&Target>) -> Result<(), String> {
        let data = Data::Durable(self.folder.clone());
        let server = Server::start(instead.unwrap_or(&self.target), data, &self.flags);
        self.server = Some(server.map_err(|e| e.to_string())?);
        Ok(())
    }

    /// The power goes while everybody writes. `noticed`: what the server makes of that is looked at, too.
    pub fn cut_while_busy(&mut self, busy: Busy, noticed: bool, rng: &mut Rng) -> Result<End, String> {
        let volume = self.ground.volume()?;
        let server = self.server.as_mut().ok_or("no server")?;
        fill(&mut self.histories, busy.filling);
        while_written(server, &mut self.histories, rng, |server| {
            spend(server, busy);
            let (at, _) = volume.cut()?;
            if noticed {
                match server.ended(NOTICE).and_then(|status| status.code()) {
                    Some(STORAGE_FAILED) => {}
                    other => return Err(format!("after its disk was gone it ended with {other:?}")),
                }
            }
            server.kill().map_err(|e| e.to_string())?;
            Ok(End { at, was_orderly: false })
        })
    }

    /// The power goes so long after SIGTERM.
    pub fn cut_while_ending(&mut self, busy: Busy, delay: Duration, rng: &mut Rng) -> Result<End, String> {
        let volume = self.ground.volume()?;
        let server = self.server.as_mut().ok_or("no server")?;
        fill(&mut self.histories, busy.filling);
        while_written(server, &mut self.histories, rng, |server| {
            spend(server, busy);
            server.ask_to_end().map_err(|e| e.to_string())?;
            let ended = server.ended(delay);
            if let Some(failed) = ended.filter(|status| !status.success()) {
                return Err(format!("after SIGTERM it ended with {failed}"));
            }
            let (at, _) = volume.cut()?;
            server.kill().map_err(|e| e.to_string())?;
            Ok(End { at, was_orderly: ended.is_some() })
        })
    }

    /// kill -9 while everybody writes; the power stays.
    pub fn kill_while_busy(&mut self, busy: Busy, rng: &mut Rng) -> Result<(), String> {
        let server = self.server.as_mut().ok_or("no server")?;
        fill(&mut self.histories, busy.filling);
        while_written(server, &mut self.histories, rng, |server| {
            spend(server, busy);
            server.kill().map_err(|e| e.to_string())
        })
    }

    /// The power goes so long after a start was begun; if the server is up by then, it is written to. (Not if there is a
    /// history: what a killed server left unanswered in it has to be looked at first.)
    pub fn cut_while_starting(&mut self, delay: Duration, rng: &mut Rng) -> Result<End, String> {
        self.server = None;
        let volume = self.ground.volume()?;
        let (data, target, flags) = (Data::Durable(self.folder.clone()), &self.target, &self.flags);
        let is_new = self.histories.iter().all(|history| history.steps.is_empty());
        let histories = if is_new { &mut self.histories[..] } else { &mut [] };
        thread::scope(|scope| {
            let cutter = scope.spawn(move || {
                sleep(delay);
                volume.cut()
            });
            let cut = || cutter.join().expect("the cutter's thread").map(|(at, _)| End { at, was_orderly: false });
            match Server::start(target, data, flags) {
                Ok(mut server) => while_written(&mut server, histories, rng, |server| {
                    let end = cut()?;
                    server.kill().map_err(|e| e.to_string()).map(|()| end)
                }),
                Err(why) => {
                    let end = cut()?;
                    refused_in_good_order(&why.to_string()).map(|()| end)
                }
            }
        })
    }

    /// Runs a server that is killed by itself somewhere on the way, also while it starts, or at the end of the life; then, if
    /// `cut`, the power goes. Also says whether it was killed by itself.
    pub fn until_killed(
        &mut self,
        traced: &Target,
        busy: Busy,
        cut: bool,
        rng: &mut Rng,
    ) -> Result<(End, bool), String> {
        self.server = None;
        let gone = || if cut { self.ground.volume()?.cut().map(|(at, _)| at) } else { Ok(Instant::now()) };
        let end = |at| End { at, was_orderly: false };
        match Server::start(traced, Data::Durable(self.folder.clone()), &self.flags) {
            Ok(mut server) => {
                fill(&mut self.histories, busy.filling);
                while_written(&mut server, &mut self.histories, rng, |server| {
                    spend(server, busy);
                    let killed = server.ended(Duration::ZERO).is_some();
                    let at = gone()?;
                    server.kill().map_err(|e| e.to_string()).map(|()| (end(at), killed))
                })
            }
            Err(why) if why.to_string().contains("signal: 9") => Ok((end(gone()?), true)),
            Err(why) => Err(format!("no start: {why}")),
        }
    }

    /// Mounts what is left after a cut, starts the server on it, and compares. Then all that was found is durable.
    pub fn survey(&mut self, promise: Promise, end: Instant) -> Result<Loss, String> {
        let survived = self.found()?;
        let loss = judge(&self.histories, &survived, promise, end)?;
        for (history, survived) in self.histories.iter_mut().zip(survived) {
            history.adopt(survived);
        }
        self.settle().map(|()| loss)
    }

    /// What a restarted server has of each history.
    pub fn found(&mut self) -> Result<Vec<Survived>, String> {
        self.server = None;
        if let Ground::Volume(volume) = &mut self.ground {
            volume.recover()?;
        }
        is_sound(&self.target, &self.folder)?;
        self.start(None).map_err(|e| format!("no restart: {e}"))?;
        let mut client = connect(self.server.as_ref().ok_or("no server")?)?;
        kill::look(&self.histories, &mut client)
    }

    fn settle(&self) -> Result<(), String> {
        let mut client = connect(self.server.as_ref().ok_or("no server")?)?;
        match client.call(&["WAITAOF", "1", "0", "0"]) {
            Ok(Value::Array(counts)) if counts.first() == Some(&Value::Integer(1)) => Ok(()),
            other => Err(format!("WAITAOF was answered {other:?}")),
        }
    }

    /// How long a sync takes on this disk now.
    pub fn sync_time(&self) -> Result<Duration, String> {
        self.ground.volume()?.sync_time()
    }

    /// After a failure: what the server said last, and where a copy of the data is.
    pub fn evidence(&mut self) -> String {
        let output = self.server.as_ref().map(Server::output).unwrap_or_default();
        self.server = None;
        if let Ground::Volume(volume) = &mut self.ground {
            // It may be without power.
            let _ = volume.recover();
        }
        format!("{output}\ndata: {}", folder_kept(&self.folder))
    }
}

#[cfg(feature = "failpoints")]
impl World {
    /// A life of a server that may end by itself, also while it starts: why it did not start, or what `during` says, which sees to it
    /// that the server has ended. `write`: all write meanwhile.
    pub fn live<T>(
        &mut self,
        instead: &Target,
        write: bool,
        rng: &mut Rng,
        during: impl FnOnce(&mut Server) -> Result<T, String>,
    ) -> Result<Result<T, String>, String> {
        self.server = None;
        let mut server = match Server::start(instead, Data::Durable(self.folder.clone()), &self.flags) {
            Ok(server) => server,
            Err(why) => return Ok(Err(why.to_string())),
        };
        fill(&mut self.histories, 1500);
        let histories = if write { &mut self.histories[..] } else { &mut [] };
        let lived = while_written(&mut server, histories, rng, during);
        self.server = Some(server);
        lived.map(Ok)
    }

    /// Where the data is.
    pub fn folder(&self) -> &std::path::Path {
        &self.folder
    }
}

/// A server that finds its disk gone while it starts may say so, and no more than that.
fn refused_in_good_order(why: &str) -> Result<(), String> {
    let codes = [format!("exit status: {STORAGE_FAILED}"), "exit status: 1".to_owned()];
    match codes.iter().any(|code| why.contains(code)) && !why.contains("panicked") {
        true => Ok(()),
        false => Err(format!("a start without a disk: {why}")),
    }
}

fn fill(histories: &mut [History], filling: usize) {
    histories.iter_mut().for_each(|history| history.now.filling = filling);
}

/// Lets the time of a life go by.
pub fn spend(server: &Server, busy: Busy) {
    let end = Instant::now() + busy.life;
    let mut client = if busy.checkpoints { server.connect(Protocol::Resp2).ok() } else { None };
    while let Some(left) = end.checked_duration_since(Instant::now()) {
        let asked = client.as_mut().map(|client| client.call(&["BGSAVE"]));
        if asked.is_some_and(|asked| asked.is_err()) {
            // It has ended; who waits for that sees it.
            return;
        }
        sleep(if client.is_some() { left.min(Duration::from_millis(3)) } else { left });
    }
}
