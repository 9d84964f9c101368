//! The matrix: which files, which damage.

use std::fmt;
use std::io::Result;
use std::path::{Path, PathBuf};

use fastrand::Rng;

use crate::fill::{End, Folder};
use crate::number;

const BLOCK: usize = 4096;

/// The files that are damaged right after a checkpoint.
const SETTLED: [&str; 5] = ["watermark", "newest segment", "MANIFEST", "CURRENT", "table"];

/// What happens to a file.
#[derive(Clone, Debug)]
pub enum Damage {
    Delete,
    /// Only so many bytes are left.
    Cut(usize),
    /// A bit of this byte is another one.
    Flip(usize, u8),
    /// Zeros from here on, so many.
    Zero(usize, usize),
    /// Two pieces of this length have changed places.
    Swap(usize, usize, usize),
    /// It is as it was earlier.
    Older(PathBuf),
}

/// A file of a folder, and what happens to it.
#[derive(Clone, Debug)]
pub struct Case {
    /// What the file is.
    pub kind: &'static str,
    /// Where it is in the folder.
    pub file: PathBuf,
    pub damage: Damage,
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{}] {}: ", self.kind, self.file.display())?;
        match &self.damage {
            Damage::Delete => f.write_str("deleted"),
            Damage::Cut(left) => write!(f, "cut to {left} bytes"),
            Damage::Flip(at, bit) => write!(f, "bit {bit} of byte {at} flipped"),
            Damage::Zero(at, bytes) => write!(f, "{bytes} zeros at {at}"),
            Damage::Swap(a, b, bytes) => write!(f, "{bytes} bytes at {a} and {b} swapped"),
            Damage::Older(_) => f.write_str("an older copy"),
        }
    }
}

/// All cases for a folder.
pub fn cases(folder: &Folder, rng: &mut Rng) -> std::result::Result<Vec<Case>, String> {
    let mut cases = Vec::new();
    for (kind, file) in files(&folder.path, rng).map_err(|e| e.to_string())? {
        let bytes = std::fs::read(folder.path.join(&file)).map_err(|e| format!("{}: {e}", file.display()))?;
        // Right after a checkpoint what counts is in the backend.
        if folder.end == End::Settled && !SETTLED.contains(&kind) {
            continue;
        }
        let mut damages = damages(&bytes, rng);
        damages.extend(folder.earlier.iter().find_map(|earlier| older(earlier, &file, &bytes)).map(Damage::Older));
        cases.extend(damages.into_iter().map(|damage| Case { kind, file: file.clone(), damage }));
    }
    Ok(cases)
}

/// The files to damage, and what each is.
fn files(folder: &Path, rng: &mut Rng) -> Result<Vec<(&'static str, PathBuf)>> {
    let names = |sub: &str| -> Result<Vec<String>> {
        let entries = std::fs::read_dir(folder.join(sub))?.map(|entry| entry.map(|e| e.file_name()));
        let mut names: Vec<String> =
            entries.map(|name| name.map(|n| n.to_string_lossy().into_owned())).collect::<Result<_>>()?;
        names.sort();
        Ok(names)
    };
    let mut files: Vec<(&'static str, PathBuf)> = Vec::new();
    for name in ["FORMAT", "LOCK", "watermark"] {
        files.push((name, name.into()));
    }
    let (journal, backend) = (names("journal")?, names("backend")?);
    let segments: Vec<&String> = journal.iter().filter(|name| name.ends_with(".journal")).collect();
    let places =
        [("oldest segment", 0), ("middle segment", segments.len() / 2), ("newest segment", segments.len() - 1)];
    files.extend(places.map(|(kind, at)| (kind, Path::new("journal").join(segments[at]))));
    files.extend(journal.iter().find(|n| n.ends_with(".spare")).map(|n| ("spare", Path::new("journal").join(n))));
    let of = |kind, is: &dyn Fn(&str) -> bool| {
        backend.iter().rev().find(|name| is(name)).map(|name| (kind, Path::new("backend").join(name)))
    };
    files.extend(of("MANIFEST", &|name| name.starts_with("MANIFEST")));
    files.extend(of("OPTIONS", &|name| name.starts_with("OPTIONS")));
    files.extend(of("backend log", &|name| name.ends_with(".log")));
    for kind in ["CURRENT", "IDENTITY", "LOCK", "LOG"] {
        files.extend(of(kind, &|name| name == kind));
    }
    let mut tables: Vec<&String> = backend.iter().filter(|name| name.ends_with(".sst")).collect();
    rng.shuffle(&mut tables);
    let tables = tables.into_iter().take(number("TABLES").unwrap_or(2) as usize);
    files.extend(tables.map(|name| ("table", Path::new("backend").join(name))));
    Ok(files)
}

fn damages(bytes: &[u8], rng: &mut Rng) -> Vec<Damage> {
    let mut damages = vec![Damage::Delete];
    let len = bytes.len();
    // Files of the journal end with zeros, where nothing can be damaged.
    let used = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    if len == 0 {
        return damages;
    }
    damages.extend([Damage::Cut(0), Damage::Cut(len - 1)]);
    if len > 2 {
        damages.push(Damage::Cut(len / 2));
    }
    if used == 0 {
        return damages;
    }
    for _ in 0..number("OFFSETS").unwrap_or(1) {
        damages.extend([Damage::Flip(rng.usize(..used), rng.u8(..8)), Damage::Cut(rng.usize(..used))]);
        damages.extend([64, 512, BLOCK].map(|zeros| {
            let at = rng.usize(..used) / zeros * zeros;
            Damage::Zero(at, zeros.min(len - at))
        }));
    }
    let piece = if used >= 2 * BLOCK { BLOCK } else { used / 2 };
    if let Some(pieces) = used.checked_div(piece) {
        let (a, b) = (rng.usize(..pieces / 2) * piece, rng.usize(pieces / 2..pieces) * piece);
        damages.push(Damage::Swap(a, b, piece));
    }
    // The same file twice would be no damage.
    damages.retain(|damage| apply(damage, bytes).as_deref() != Some(bytes));
    damages
}

/// The same file in a copy from earlier, or the one of its kind that was in use then.
fn older(earlier: &Path, file: &Path, bytes: &[u8]) -> Option<PathBuf> {
    let same = earlier.join(file);
    let name = file.file_name()?.to_string_lossy();
    let kind = ["MANIFEST", "OPTIONS"].into_iter().find(|kind| name.starts_with(kind));
    let then = || {
        let mut names = std::fs::read_dir(earlier.join(file.parent()?)).ok()?.filter_map(|e| Some(e.ok()?.path()));
        names.find(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(kind.unwrap_or("?"))))
    };
    let found = if same.is_file() { Some(same) } else { then() };
    found.filter(|path| std::fs::read(path).is_ok_and(|old| old != bytes))
}

/// The file afterwards; none if it is gone.
fn apply(damage: &Damage, bytes: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = bytes.to_vec();
    match *damage {
        Damage::Delete => return None,
        Damage::Cut(left) => bytes.truncate(left),
        Damage::Flip(at, bit) => bytes[at] ^= 1 << bit,
        Damage::Zero(at, zeros) => bytes[at..at + zeros].fill(0),
        Damage::Swap(a, b, piece) => {
            let (first, second) = (bytes[a..a + piece].to_vec(), bytes[b..b + piece].to_vec());
            bytes[a..a + piece].copy_from_slice(&second);
            bytes[b..b + piece].copy_from_slice(&first);
        }
        Damage::Older(ref copy) => return std::fs::read(copy).ok(),
    }
    Some(bytes)
}

impl Case {
    /// Does it, in a copy of the folder.
    pub fn happen(&self, folder: &Path) -> Result<()> {
        let path = folder.join(&self.file);
        match apply(&self.damage, &std::fs::read(&path)?) {
            Some(bytes) => std::fs::write(path, bytes),
            None => std::fs::remove_file(path),
        }
    }
}
