//! The data folder: whose it is, what is in it, the disk below it. Must never know: the system's limits.

use super::finding::Finding;
use crate::broker::clock::Clock;
use crate::config::Config;
use brooklet_storage::folder::{DataFolder, FORMAT};
use brooklet_storage::{StorageError, folder};
use rustix::fs::{FsWord, StatVfs, statfs, statvfs};
use std::fs::File;
use std::io::Write;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

/// Less room than this is little.
const LITTLE_BYTES: u64 = 1 << 30;
/// Syncs that are timed.
const SYNCS: usize = 20;
/// A sync that takes longer, in microseconds, is slow, or too slow.
const SLOW_US: u64 = 20_000;
const STALLED_US: u64 = 1_000_000;
/// Dates this far ahead of the clock are no accident, in seconds.
const AHEAD_S: i64 = 60;

/// File systems that forget, and those that other machines serve, by the numbers that `statfs` answers.
const FORGETTING: [(FsWord, &str); 2] = [(0x0102_1994, "tmpfs"), (0x8584_58f6, "ramfs")];
const REMOTE: [(FsWord, &str); 3] = [(0x6969, "NFS"), (0xff53_4d42, "CIFS"), (0xfe53_4d42, "SMB2")];

/// Everything about the folder that the options name.
pub fn look(config: &Config) -> Vec<Finding> {
    let path = config.dir.clone();
    let mut findings = vec![tenant(&path)];
    findings.extend(owner(&path));
    let Some(there) = existing(&path) else {
        findings.push(Finding::bad(
            "folder",
            format!("nothing above {} exists", path.display()),
            "no start",
            "choose another --dir",
        ));
        return findings;
    };
    findings.extend(statfs(&there).ok().map(|found| kind_of_disk(found.f_type)));
    findings.extend(statvfs(&there).ok().map(|found| room(&found)));
    findings.push(syncs(&there));
    findings.push(clock(&path));
    findings
}

/// The folder itself, or the nearest one above it that exists.
fn existing(path: &Path) -> Option<PathBuf> {
    let mut all = path.ancestors().map(|p| if p.as_os_str().is_empty() { Path::new(".") } else { p });
    all.find(|p| p.is_dir()).map(Path::to_path_buf)
}

/// What is in the folder, and whether somebody serves it.
fn tenant(path: &Path) -> Finding {
    let shown = path.display();
    match folder::peek(path) {
        Ok(None) => Finding::well("folder", format!("{shown} holds no data yet")),
        Ok(Some(format)) => match DataFolder::look(path) {
            Ok(_) => Finding::well("folder", format!("{shown} holds data of format {format}, and nobody serves it")),
            Err(StorageError::Locked(_)) => {
                Finding::well("folder", format!("{shown} holds data of format {format}, and a broker serves it"))
            }
            Err(why) => refused(&why),
        },
        Err(why) => refused(&why),
    }
}

fn refused(why: &StorageError) -> Finding {
    let cure = match why {
        StorageError::FormatTooNew { .. } => format!("use a program that reads it; this one reads up to {FORMAT}"),
        _ => "docs/operations.md lists what each message means and what helps".to_owned(),
    };
    Finding::bad("folder", why.to_string(), "no start", cure)
}

/// Whether others may read what is stored.
fn owner(path: &Path) -> Option<Finding> {
    let found = std::fs::metadata(path).ok()?;
    let us = rustix::process::geteuid().as_raw();
    if found.uid() != us && us != 0 {
        let seen = format!("{} belongs to user {}, and this is user {us}", path.display(), found.uid());
        return Some(Finding::bad(
            "owner",
            seen,
            "files may not be written",
            "start as its owner, or chown the folder",
        ));
    }
    let mode = found.mode() & 0o777;
    if mode & 0o077 != 0 {
        let seen = format!("{} has mode {mode:o}", path.display());
        return Some(Finding::doubtful(
            "owner",
            seen,
            "others on this machine can list it (the files are private)",
            "chmod 700",
        ));
    }
    Some(Finding::well("owner", format!("user {}, mode {mode:o}", found.uid())))
}

fn kind_of_disk(kind: FsWord) -> Finding {
    let named =
        |list: &[(FsWord, &'static str)]| list.iter().find(|(number, _)| *number == kind).map(|(_, name)| *name);
    if let Some(name) = named(&FORGETTING) {
        return Finding::doubtful(
            "disk",
            name,
            "what is stored there is gone with the next start of the machine",
            "choose another --dir",
        );
    }
    if let Some(name) = named(&REMOTE) {
        return Finding::doubtful(
            "disk",
            name,
            "locks and syncs are as good as the server that has the disk",
            "prefer a local disk",
        );
    }
    Finding::well("disk", format!("local (file system {kind:#x})"))
}

fn room(found: &StatVfs) -> Finding {
    let (free, all) = (found.f_bavail * found.f_frsize, (found.f_blocks * found.f_frsize).max(1));
    let seen = format!("{} MB free of {} MB", free >> 20, all >> 20);
    if free < LITTLE_BYTES || free < all / 20 {
        let follows = "writes are refused once it is full, until there is room; reads go on";
        return Finding::doubtful("room", seen, follows, "make room, or trim streams");
    }
    Finding::well("room", seen)
}

/// How long the disk takes to make something durable.
fn syncs(folder: &Path) -> Finding {
    let mut times = match timed(folder) {
        Ok(times) => times,
        Err(why) => {
            let seen = format!("cannot write to {}: {why}", folder.display());
            return Finding::bad("sync", seen, "no start, or no writes", "check owner, mode and room");
        }
    };
    times.sort_unstable();
    let (median, worst) = (times[times.len() / 2], times[times.len() - 1]);
    let seen = format!("{} µs in the middle of {SYNCS}, {worst} µs at worst", median);
    if worst > STALLED_US {
        return Finding::bad(
            "sync",
            seen,
            "writes will have to wait for the disk",
            "look for a failing or throttled disk",
        );
    }
    if median > SLOW_US {
        let follows = "with appendfsync always each commit takes that long (clients of one turn share it)";
        return Finding::doubtful(
            "sync",
            seen,
            follows,
            "a disk with a write cache that survives a power cut, or everysec",
        );
    }
    Finding::well("sync", seen)
}

/// Microseconds of each sync of a page; the file is gone afterwards.
fn timed(folder: &Path) -> std::io::Result<Vec<u64>> {
    let clock = Clock::system();
    let path = folder.join(format!(".brooklet-doctor-{}", std::process::id()));
    let mut file = File::options().write(true).create_new(true).open(&path)?;
    std::fs::remove_file(&path)?;
    (0..SYNCS)
        .map(|_| {
            file.write_all(&[0; 4096])?;
            let began = clock.monotonic_us();
            file.sync_data()?;
            Ok(clock.monotonic_us() - began)
        })
        .collect()
}

/// Whether the clock stands before what the folder remembers.
fn clock(path: &Path) -> Finding {
    let now_s = Clock::system().now_ms() / 1000;
    let dated = std::fs::metadata(path.join("watermark")).and_then(|found| found.modified());
    let last_s = dated.ok().and_then(|at| at.duration_since(UNIX_EPOCH).ok()).map_or(0, |at| at.as_secs() as i64);
    if now_s + AHEAD_S < last_s {
        let seen = format!("it stands {} s before the last write to the folder", last_s - now_s);
        let follows = "ids of XADD * go on from the last one until the clock has caught up; deadlines come late";
        return Finding::bad("clock", seen, follows, "set the clock (NTP)");
    }
    // Long before there was such a program.
    if now_s < 1_700_000_000 {
        return Finding::bad(
            "clock",
            format!("{now_s} s after 1970"),
            "ids and deadlines are wrong",
            "set the clock (NTP)",
        );
    }
    Finding::well("clock", format!("{now_s} s after 1970"))
}

#[cfg(test)]
mod tests {
    use super::super::finding::Weight;
    use super::*;

    #[test]
    fn a_folder_is_looked_at_and_left_as_it_was() {
        let parent = tempfile::tempdir().unwrap();
        let mut config = Config::default();
        config.dir = parent.path().join("data");
        let said = |config: &Config| look(config).iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
        assert!(said(&config).contains("holds no data yet"));
        assert!(!config.dir.exists(), "nothing is made");
        let folder = DataFolder::open(&config.dir).unwrap();
        assert!(said(&config).contains("a broker serves it"), "{}", said(&config));
        drop(folder);
        assert!(said(&config).contains("nobody serves it"), "{}", said(&config));
        std::fs::write(config.dir.join("FORMAT"), "99\n").unwrap();
        let tenant = tenant(&config.dir);
        assert_eq!(tenant.weight, Weight::Bad);
        assert!(tenant.to_string().contains("format 99"), "{tenant}");
    }

    #[test]
    fn disks_that_forget_are_told() {
        assert_eq!(kind_of_disk(0x0102_1994).weight, Weight::Doubtful);
        assert_eq!(kind_of_disk(0x6969).weight, Weight::Doubtful);
        assert_eq!(kind_of_disk(0xef53).weight, Weight::Well);
    }
}
