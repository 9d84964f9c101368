//! Where a test makes the program fail: the edges at which it meets the disk or a client, and the steps between them.
//!
//! Built with the feature `failpoints` only; without it all of this is nothing. Then `FAILPOINTS='journal-sync=return(eio)'` in the
//! environment says what happens at a point (the syntax is that of the crate `fail`; the words in brackets are those of
//! [`Deed`]), and each point at which something happened leaves its name in the file that `FAILPOINT_MARKS` names.
//! Owns: the table of points, and the words. Must never know: what is done at a point.
//! Read next: `tests/crash/failpoints.rs`, which sees to it that each point of the table is reached, and what comes of it.

#[cfg(feature = "failpoints")]
mod armed;
#[cfg(not(feature = "failpoints"))]
mod off;

#[cfg(feature = "failpoints")]
pub use armed::{Armed, arm, at, io, pass, sync};
#[cfg(not(feature = "failpoints"))]
pub use off::{Armed, arm, at, io, pass, sync};

/// What may happen at a point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    /// The process is killed on the spot.
    Kill,
    /// The thread panics.
    Panic,
    /// The call fails as on a broken disk.
    Eio,
    /// The call fails as on a full disk.
    Enospc,
    /// It takes 200 ms longer.
    Delay,
    /// It is left out, and said to be done. Only syncs: a disk that lies.
    Skip,
}

impl Deed {
    const ALL: [(&str, Deed); 6] = [
        ("kill", Deed::Kill),
        ("panic", Deed::Panic),
        ("eio", Deed::Eio),
        ("enospc", Deed::Enospc),
        ("delay", Deed::Delay),
        ("skip", Deed::Skip),
    ];

    /// The word for it in `FAILPOINTS`.
    pub fn word(self) -> &'static str {
        Deed::ALL.iter().find(|(_, deed)| *deed == self).map_or("", |(word, _)| word)
    }

    /// What a word stands for.
    pub fn named(word: &str) -> Option<Deed> {
        Deed::ALL.iter().find(|(known, _)| *known == word).map(|(_, deed)| *deed)
    }
}

/// Each line: a point, its name, what it is, and what is done next. At an `edge` a call can fail, at one that takes `room` also because
/// the disk is full; a `step` is between calls.
macro_rules! points {
    ($($point:ident $name:literal $kind:ident $next:literal;)*) => {
        /// A point; the text says what is done right behind it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Point {
            $(#[doc = $next] $point,)*
        }

        impl Point {
            /// All of them.
            pub const ALL: &[Point] = &[$(Point::$point,)*];

            /// The name in `FAILPOINTS`.
            pub fn name(self) -> &'static str {
                match self { $(Point::$point => $name,)* }
            }

            /// Whether a call can fail here.
            pub fn can_fail(self) -> bool {
                match self { $(Point::$point => stringify!($kind) != "step",)* }
            }

            /// Whether a call can fail here because the disk is full.
            pub fn takes_room(self) -> bool {
                match self { $(Point::$point => stringify!($kind) == "room",)* }
            }
        }
    };
}

points! {
    JournalList "journal-list" edge "The names in the folder of the journal are read.";
    JournalHeaderRead "journal-header-read" edge "The header of a journal file is read.";
    JournalReplayRead "journal-replay-read" edge "A journal file is read to be replayed.";
    JournalReopen "journal-reopen" edge "A replayed journal file is opened to be synced.";
    JournalRecordWrite "journal-record-write" room "A record is written.";
    JournalSpareOpen "journal-spare-open" edge "A spare file is opened to become a segment.";
    JournalHeaderWrite "journal-header-write" room "The header of a new segment is written.";
    JournalSegmentName "journal-segment-name" room "A spare file gets the name of a segment.";
    JournalLargeCreate "journal-large-create" room "A file of its own is made for a large record.";
    JournalSync "journal-sync" room "A segment is synced.";
    JournalNamesSync "journal-names-sync" room "The folder of the journal is synced.";
    JournalGiveBack "journal-give-back" edge "Settled segments are given back.";
    JournalFileSpare "journal-file-spare" room "A segment that nobody needs becomes a spare file.";
    JournalFileDelete "journal-file-delete" edge "A journal file that nobody needs is deleted.";
    JournalSpareCreate "journal-spare-create" room "A spare file is made.";
    JournalSpareFill "journal-spare-fill" room "A part of a spare file is filled.";
    JournalSpareSync "journal-spare-sync" room "A spare file is synced.";
    JournalSpareName "journal-spare-name" room "A spare file gets its name.";
    WatermarkRead "watermark-read" edge "The watermark is read.";
    WatermarkOpen "watermark-open" edge "The watermark is opened to be moved.";
    WatermarkWrite "watermark-write" room "A slot of the watermark is written.";
    WatermarkSync "watermark-sync" room "The watermark is synced.";
    ReplaceWrite "replace-write" room "The draft of a small file is written.";
    ReplaceSync "replace-sync" room "The draft of a small file is synced.";
    ReplaceName "replace-name" room "The draft of a small file takes the place of the file.";
    FolderCreate "folder-create" room "A folder is made.";
    FolderSync "folder-sync" edge "The names in a folder are synced.";
    LockOpen "lock-open" room "The lock of the data folder is opened.";
    FormatRead "format-read" edge "The format number is read.";
    FormatWrite "format-write" room "The format number is written, for the first time.";
    NodeRead "node-read" edge "The name of the node is read.";
    NodeWrite "node-write" room "The name of the node is written, for the first time.";
    RecordsLook "records-look" edge "RocksDB is opened to look at what is there.";
    RecordsOpen "records-open" room "RocksDB is opened.";
    RecordsGet "records-get" edge "A record is read.";
    RecordsScan "records-scan" edge "A range of records is read.";
    RecordsWrite "records-write" room "Records are written.";
    RecordsFlush "records-flush" room "Records are flushed.";
    RecordsSnapshot "records-snapshot" room "The files of the records are linked for a backup.";
    RecordsReclaim "records-reclaim" room "Files of dead records are deleted.";
    RecordsTidy "records-tidy" room "Small files of records are looked for and merged.";
    StartLeftovers "start-leftovers" edge "What an unfinished checkpoint left behind is dropped.";
    StartFirst "start-first" edge "The first checkpoint of a new store is written.";
    StartReplay "start-replay" edge "The journal is replayed.";
    StartReplayed "start-replayed" edge "What was replayed is compared with what was durable.";
    StartNote "start-note" edge "The watermark is moved to what was replayed.";
    StartDead "start-dead" edge "The first append puts dead journal files aside.";
    LoadRead "load-read" edge "What is only on disk is read for a call.";
    CheckpointGather "checkpoint-gather" edge "A slice of dirty objects is gathered.";
    CheckpointCut "checkpoint-cut" step "The last slice is gathered, under one lock with the journal.";
    CheckpointSync "checkpoint-sync" edge "The journal is synced for a checkpoint.";
    CheckpointChunks "checkpoint-chunks" edge "Chunks are written, to which nothing refers yet.";
    CheckpointRecords "checkpoint-records" edge "The batch that makes the checkpoint is written.";
    CheckpointFlush "checkpoint-flush" edge "The batch that makes the checkpoint is flushed.";
    CheckpointReclaim "checkpoint-reclaim" edge "The checkpoint is durable; dead epochs are given back.";
    CheckpointNote "checkpoint-note" edge "The watermark is moved to the checkpoint.";
    CheckpointRelease "checkpoint-release" step "The journal lets go of what is settled.";
    CheckpointDone "checkpoint-done" step "Whoever waits for the checkpoint is told.";
    Graveyard "graveyard" step "Large things that were dropped are freed.";
    BackupBegin "backup-begin" room "The folder of a backup is made.";
    BackupClean "backup-clean" edge "A backup that did not come to its end is removed.";
    BackupRead "backup-read" edge "A piece of a backup's file is read for the manifest.";
    BackupFileSync "backup-file-sync" room "A file of a backup is synced.";
    BackupManifest "backup-manifest" room "The manifest of a backup is written.";
    BackupName "backup-name" room "A backup gets its name.";
    BackupNamed "backup-named" room "The name of a backup is synced.";
    BackupPrune "backup-prune" room "An old backup loses its name.";
    BackupRemove "backup-remove" edge "The files of an old backup are deleted.";
    CommitAppend "commit-append" room "What was executed is appended to the journal.";
    CommitAppended "commit-appended" step "Whoever waits for the append is told.";
    CommitSync "commit-sync" room "What was appended is synced.";
    CommitSynced "commit-synced" step "Whoever waits for the sync is told.";
    CommitClose "commit-close" step "The last batch is appended.";
    ReplySend "reply-send" edge "Replies are given to the socket.";
    SettlerTurn "settler-turn" step "The settler looks around.";
    SyncerTurn "syncer-turn" step "The syncer syncs, and notes what is durable.";
    SyncerEnd "syncer-end" step "All is synced and noted; the folder is let go.";
    PreparerTurn "preparer-turn" step "The journal's next file is made ready.";
    ServeReady "serve-ready" step "Clients are let in.";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_words_say_one_thing_each() {
        let mut names: Vec<&str> = Point::ALL.iter().map(|point| point.name()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), Point::ALL.len());
        for (word, deed) in Deed::ALL {
            assert_eq!((deed.word(), Deed::named(word)), (word, Some(deed)));
        }
    }
}
