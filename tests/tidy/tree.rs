//! The files of the tree: what git tracks or would track; without git, everything but build output.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::source::Source;

/// The folder that holds `Cargo.toml`.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// All files, relative to the root, sorted.
pub fn files() -> Vec<PathBuf> {
    let mut files = tracked().unwrap_or_else(|| walked(root()));
    files.retain(|path| root().join(path).is_file());
    files.sort();
    files
}

fn tracked() -> Option<Vec<PathBuf>> {
    let args = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"];
    let output = Command::new("git").args(args).current_dir(root()).output().ok().filter(|o| o.status.success())?;
    let text = String::from_utf8(output.stdout).ok()?;
    let files: Vec<PathBuf> = text.split_terminator('\0').map(PathBuf::from).collect();
    (!files.is_empty()).then_some(files)
}

fn walked(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder of the tree").flatten() {
        let (path, name) = (entry.path(), entry.file_name());
        if path.is_file() {
            found.extend(path.strip_prefix(root()).map(Path::to_path_buf));
        } else if !["target", "data", ".git"].iter().any(|skipped| name == *skipped) {
            found.extend(walked(&path));
        }
    }
    found
}

/// The text of a file; `None` if it is no text.
pub fn text(path: &Path) -> Option<String> {
    std::fs::read_to_string(root().join(path)).ok()
}

/// All Rust files.
pub fn sources() -> Vec<Source> {
    let rust = files().into_iter().filter(|path| path.extension().is_some_and(|e| e == "rs"));
    rust.filter_map(|path| Some(Source::new(&path.to_string_lossy(), &text(&path)?))).collect()
}
