//! The journal's files, and what a power cut leaves of them: all that was synced, and of the rest some blocks and names.
//!
//! A sync is taken to cover all files; that the journal syncs each that it has to is for `storage/src/journal/tests/`.

use crate::dice::Dice;
use brooklet_storage::journal::{FileJournal, FileJournalOptions};
use std::collections::BTreeMap;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

/// Small, so that a life has many.
const SEGMENT_BYTES: u64 = 8 << 10;
/// What a disk writes at once.
const BLOCK: usize = 512;

/// Gives each life a folder of its own.
static LIVES: AtomicU64 = AtomicU64::new(0);

/// A folder of journal files.
pub struct Files {
    folder: PathBuf,
    durable: Mutex<Image>,
    starts: AtomicU64,
}

/// What is in a folder: names of files, and what each holds.
#[derive(Clone, Default)]
struct Image {
    names: BTreeMap<PathBuf, u64>,
    contents: BTreeMap<u64, Vec<u8>>,
}

impl Image {
    fn of(folder: &Path) -> Image {
        let mut image = Image::default();
        for path in std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("a name").path()) {
            let number = std::fs::metadata(&path).expect("a file").ino();
            image.contents.insert(number, std::fs::read(&path).expect("a file"));
            image.names.insert(path, number);
        }
        image
    }
}

impl Files {
    pub fn new() -> Files {
        // In memory, where there is such a folder: a life syncs hundreds of times.
        let shared = Path::new("/dev/shm");
        let folder = if shared.is_dir() { shared.to_path_buf() } else { std::env::temp_dir() };
        let life = LIVES.fetch_add(1, Ordering::Relaxed);
        let folder = folder.join(format!("brooklet-life-{}-{life}", std::process::id()));
        Files { folder, durable: Mutex::default(), starts: AtomicU64::new(0) }
    }

    /// The journal, as the next process opens it.
    pub fn open(&self) -> FileJournal {
        let nonce = self.starts.fetch_add(1, Ordering::Relaxed);
        let options = FileJournalOptions {
            segment_bytes: SEGMENT_BYTES,
            spare_bytes: 3 * SEGMENT_BYTES,
            nonce,
            accept_data_loss: false,
        };
        FileJournal::open(&self.folder, options).expect("a journal that can be opened")
    }

    /// Takes note that everything was synced.
    pub fn synced(&self) {
        *self.durable.lock().expect("nobody panics with it") = Image::of(&self.folder);
    }

    /// Puts back what was synced, and leaves, if there is luck, parts of what was not.
    pub fn lose_power(&self, lucky: u64) {
        let (mut durable, now) = (self.durable.lock().expect("nobody panics with it"), Image::of(&self.folder));
        let mut dice = Dice(lucky ^ self.starts.load(Ordering::Relaxed) << 8);
        let mut left = if lucky > 0 && dice.one_in(2) { now.clone() } else { durable.clone() };
        left.contents.clear();
        for number in left.names.values() {
            let (old, new) = (durable.contents.get(number), now.contents.get(number));
            let content = match (old, new) {
                (Some(old), Some(new)) if lucky > 0 => torn(old, new, &mut dice),
                (None, Some(new)) => torn(&[], new, &mut dice),
                (Some(old), _) => old.clone(),
                (None, None) => Vec::new(),
            };
            left.contents.insert(*number, content);
        }
        self.clear();
        std::fs::create_dir(&self.folder).expect("a folder");
        for (path, number) in &left.names {
            std::fs::write(path, &left.contents[number]).expect("a file");
        }
        // Files of other numbers, which hold the same.
        *durable = Image::of(&self.folder);
    }

    /// Removes the folder.
    pub fn clear(&self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

impl Drop for Files {
    fn drop(&mut self) {
        self.clear();
    }
}

/// Some blocks of the new, the others still the old ones.
fn torn(old: &[u8], new: &[u8], dice: &mut Dice) -> Vec<u8> {
    let odds = 1 + dice.roll(4);
    let mut left = old.to_vec();
    left.resize(new.len().max(old.len()), 0);
    for (at, block) in new.chunks(BLOCK).enumerate() {
        if dice.one_in(odds) {
            left[at * BLOCK..][..block.len()].copy_from_slice(block);
        }
    }
    left
}
