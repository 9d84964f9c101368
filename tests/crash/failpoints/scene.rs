//! What a server has to find, and what has to be done to it, so that it comes to a failpoint.

use std::path::Path;
use std::time::Duration;

use brooklet_storage::failpoint::{Deed, Point};
use brooklet_testkit::{Client, Protocol, Server};

/// Where a point is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scene {
    /// In the first start or in the work after it.
    Work,
    /// On a folder whose server was killed in the middle of its work.
    Again,
    /// After SIGTERM.
    End,
    /// In the first start of a node of a cluster.
    Node,
    /// Where a backup was cut off.
    Partial,
}

impl Scene {
    /// The scene of a point.
    pub fn of(point: Point) -> Scene {
        match point {
            Point::JournalHeaderRead
            | Point::JournalReplayRead
            | Point::JournalReopen
            | Point::RecordsLook
            | Point::RecordsGet
            | Point::RecordsScan
            | Point::StartDead
            | Point::LoadRead => Scene::Again,
            Point::CommitClose | Point::SyncerEnd => Scene::End,
            Point::NodeRead | Point::NodeWrite => Scene::Node,
            Point::BackupClean => Scene::Partial,
            _ => Scene::Work,
        }
    }

    /// Whether a server comes to a point so often that it may do so a few times first.
    pub fn is_frequent(point: Point) -> bool {
        let once =
            ["backup-", "start-", "format-", "folder-", "lock-", "serve-", "replace-", "records-o", "watermark-o"];
        Scene::of(point) == Scene::Work && !once.iter().any(|once| point.name().starts_with(once))
    }

    /// The flags of its servers: small journal files, and checkpoints as often as there can be.
    pub fn flags(self) -> Vec<&'static str> {
        let mut flags = vec!["--journal-segment-bytes", "1mb", "--checkpoint-bytes", "1mb", "--maxmemory", "64mb"];
        if self == Scene::Node {
            flags.extend(["--cluster-enabled", "yes"]);
        }
        flags
    }

    /// Whether all write meanwhile. A node of a cluster takes no script over keys of several slots, which they use.
    pub fn is_written(self) -> bool {
        self != Scene::Node
    }

    /// Puts into a new data folder what has to be there.
    pub fn furnish(self, folder: &Path) -> std::io::Result<()> {
        if self == Scene::Partial {
            let partial = folder.join("backups/commit-000000000001.partial");
            std::fs::create_dir_all(&partial)?;
            std::fs::write(partial.join("half"), "half")?;
        }
        Ok(())
    }
}

/// Whether a server goes on after that. A backup fails for itself, what is made ready can be made later, and one client less is no
/// reason to end. Everything else ends it: nobody may go on as if a write or a sync had not failed.
pub fn is_survived(point: Point, deed: Deed) -> bool {
    match point {
        // On the thread of backups.
        Point::BackupRead
        | Point::BackupFileSync
        | Point::BackupManifest
        | Point::BackupName
        | Point::BackupNamed
        | Point::BackupPrune
        | Point::BackupRemove => true,
        Point::BackupBegin | Point::BackupClean | Point::RecordsSnapshot | Point::RecordsTidy | Point::ReplySend => {
            deed == Deed::Eio
        }
        // Unless an append needs the file at once.
        Point::JournalSpareCreate | Point::JournalSpareFill | Point::JournalSpareSync | Point::JournalSpareName => {
            deed == Deed::Eio
        }
        _ => false,
    }
}

/// Whether a server waits for room where it finds the disk full, and goes on by itself once there is some. After a sync that failed
/// nobody knows what became of the data.
pub fn waits_for_room(point: Point) -> bool {
    !matches!(point, Point::JournalSync | Point::JournalNamesSync | Point::CommitSync)
}

/// A client that makes a server do what it does seldom.
pub struct Prodder {
    client: Option<Client>,
    large: String,
    turns: usize,
}

impl Prodder {
    pub fn of(server: &Server) -> Prodder {
        Prodder { client: server.connect(Protocol::Resp2).ok(), large: "x".repeat(1_200_000), turns: 0 }
    }

    /// Checkpoints with backups, records that fit into no journal file, a large value that is dropped, syncs. Who does not answer has
    /// ended, or is about to: whoever waits for that sees it.
    pub fn prod(&mut self) {
        let large = self.turns.is_multiple_of(4);
        self.turns += 1;
        let Some(client) = &mut self.client else { return };
        let mut is_answered = client.call(&["BGSAVE"]).is_ok() && client.call(&["WAITAOF", "1", "0", "20"]).is_ok();
        if large {
            is_answered = is_answered && client.call(&["SET", "large", &self.large]).is_ok();
            is_answered = is_answered && client.call(&["DEL", "large"]).is_ok();
        }
        if !is_answered {
            self.client = None;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}
