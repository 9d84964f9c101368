//! A file system whose power can be cut: ext4 on a loop device, and the call that shuts it down without writing its log.
//! From that call on nothing reaches the disk, and what was not synced before is gone at the next mount, as after a power
//! cut. (A killed process loses nothing of that: the system still has it.)
//!
//! Owns: the image, the device, the mount, and that they go away again. Must never know: what is stored there.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};

/// The ioctl `EXT4_IOC_SHUTDOWN` with `NOLOGFLUSH`. In Perl, which every Debian has: this crate may call no ioctl itself, as
/// that is unsafe.
const CUT: &str = "open(my $f, '<', $ARGV[0]) or die $!; ioctl($f, 0x8004587D, my $how = pack('L', 2)) or die $!";

/// How often a busy file system is asked to go.
const TRIES: u32 = 250;

/// How a file system keeps order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// As ext4 is made usually: what a file holds is on disk before its length is.
    Usual,
    /// Lengths and names may be on disk before what they stand for, and blocks of 1 KiB, so that more can be torn.
    Loose,
}

/// A mounted file system of its own.
#[derive(Debug)]
pub struct Volume {
    scratch: tempfile::TempDir,
    device: String,
    order: Order,
    mounted: bool,
}

impl Volume {
    /// Makes a usual one of so many bytes and proves that it forgets what it should. The error says what this machine lacks.
    pub fn make(bytes: u64) -> Result<Volume, String> {
        Volume::make_in(Order::Usual, bytes)
    }

    /// The same, with another order.
    pub fn make_in(order: Order, bytes: u64) -> Result<Volume, String> {
        let scratch = tempfile::tempdir().map_err(|e| e.to_string())?;
        let image = scratch.path().join("image");
        File::create(&image).and_then(|file| file.set_len(bytes)).map_err(|e| e.to_string())?;
        std::fs::create_dir(scratch.path().join("mount")).map_err(|e| e.to_string())?;
        // Nothing is left to be written later (the tables of inodes), and no blocks are kept for root, who runs this.
        let eager = "lazy_itable_init=0,lazy_journal_init=0,nodiscard";
        let block = if order == Order::Loose { "1024" } else { "4096" };
        run("mkfs.ext4", &["-q", "-F", "-m", "0", "-b", block, "-E", eager, &text(&image)])?;
        let device = run("losetup", &["-f", "--show", &text(&image)])?.trim().to_owned();
        let mut volume = Volume { scratch, device, order, mounted: false };
        volume.mount()?;
        volume.forgets_what_was_not_synced()?;
        Ok(volume)
    }

    /// Where it is mounted.
    pub fn folder(&self) -> PathBuf {
        self.scratch.path().join("mount")
    }

    /// Cuts the power: says when it was still there, and when it was surely gone.
    pub fn cut(&self) -> Result<(Instant, Instant), String> {
        let before = Instant::now();
        run("perl", &["-e", CUT, &text(&self.folder())])?;
        Ok((before, Instant::now()))
    }

    /// After a cut, and when nobody has a file open any more: mounts what reached the disk.
    pub fn recover(&mut self) -> Result<(), String> {
        self.unmount()?;
        self.mount()
    }

    /// How long a sync takes here, as far as one can tell without disturbing anybody.
    pub fn sync_time(&self) -> Result<Duration, String> {
        let path = self.folder().join("probe");
        let began = Instant::now();
        let written =
            File::create(&path).and_then(|mut file| file.write_all(&[1; 4096]).and_then(|()| file.sync_data()));
        written.and_then(|()| std::fs::remove_file(&path)).map_err(|e| format!("{}: {e}", path.display()))?;
        Ok(began.elapsed())
    }

    fn forgets_what_was_not_synced(&mut self) -> Result<(), String> {
        let [kept, lost] = ["kept", "lost"].map(|name| self.folder().join(name));
        let written = std::fs::write(&kept, "kept")
            .and_then(|()| File::open(&kept)?.sync_all())
            .and_then(|()| File::open(self.folder())?.sync_all())
            .and_then(|()| std::fs::write(&lost, "lost"));
        written.map_err(|e| format!("{}: {e}", self.folder().display()))?;
        self.cut()?;
        if std::fs::write(&lost, "after").and_then(|()| File::open(&lost)?.sync_all()).is_ok() {
            return Err("the file system goes on after it was shut down".to_owned());
        }
        self.recover()?;
        if std::fs::read(&kept).ok().as_deref() != Some(b"kept") || std::fs::read(&lost).is_ok_and(|b| !b.is_empty()) {
            return Err("after a cut it has not what was synced, or more than that".to_owned());
        }
        std::fs::remove_file(&kept).map_err(|e| e.to_string())
    }

    fn mount(&mut self) -> Result<(), String> {
        let order = if self.order == Order::Loose { "data=writeback" } else { "data=ordered" };
        run("mount", &["-o", order, &self.device, &text(&self.folder())])?;
        self.mounted = true;
        Ok(())
    }

    fn unmount(&mut self) -> Result<(), String> {
        let mut outcome = Ok(());
        for _ in 0..TRIES {
            outcome = run("umount", &[&text(&self.folder())]).map(drop);
            if outcome.is_ok() {
                self.mounted = false;
                return Ok(());
            }
            // Threads of a killed process may still be on their way out of the system.
            sleep(Duration::from_millis(20));
        }
        outcome
    }
}

impl Drop for Volume {
    fn drop(&mut self) {
        let gone = if self.mounted { self.unmount() } else { Ok(()) };
        if let Err(why) = gone.and_then(|()| run("losetup", &["-d", &self.device]).map(drop)) {
            println!("a file system was left behind at {}: {why}", self.folder().display());
        }
    }
}

/// Runs a tool of the system; what it says.
pub fn run(program: &str, arguments: &[&str]) -> Result<String, String> {
    let output = Command::new(program).args(arguments).output().map_err(|e| format!("{program}: {e}"))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    Err(format!("{program} {}: {}", arguments.join(" "), String::from_utf8_lossy(&output.stderr).trim()))
}

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}
