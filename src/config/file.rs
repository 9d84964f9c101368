//! The configuration file in redis.conf's syntax: lines of words, comments, `include`.
//!
//! Must never know: which directives exist, but for `include`. Read next: `words.rs`, `startup.rs`.

use super::error::{Problem, StartError};
use super::origin::Origin;
use super::words;
use crate::glob::{self, Case};
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

/// Largest configuration, all included files together, in bytes.
pub const MAX_BYTES: u64 = 1 << 20;
/// Longest chain of files that include one another.
pub const MAX_DEPTH: usize = 16;

/// One line that says something: its words, the directive first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Directive {
    /// Where it stands.
    pub origin: Origin,
    /// At least one word.
    pub words: Vec<String>,
}

/// Reads a file and what it includes, in order.
pub fn read(path: &Path) -> Result<Vec<Directive>, StartError> {
    let mut reader = Reader::default();
    reader.file(path, &whole(path))?;
    Ok(reader.directives)
}

/// Reads a configuration from a stream such as standard input, and what it includes.
pub fn read_from(stream: &mut dyn Read) -> Result<Vec<Directive>, StartError> {
    let mut reader = Reader::default();
    let path = Path::new("-");
    let text = reader.text(path, &whole(path), stream)?;
    reader.lines(&text, path)?;
    Ok(reader.directives)
}

/// Reads text as if it stood in the file at `path`, and what it includes.
pub fn parse(text: &str, path: &Path) -> Result<Vec<Directive>, StartError> {
    let mut reader = Reader::default();
    reader.lines(text, path)?;
    Ok(reader.directives)
}

/// The words of one line; none for blank lines and comments.
pub fn directive(line: &str) -> Result<Vec<String>, words::Unbalanced> {
    let line = line.trim_ascii();
    if line.starts_with('#') { Ok(Vec::new()) } else { words::split(line) }
}

/// Text without the mark that some editors put first.
pub fn without_mark(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text)
}

fn whole(path: &Path) -> Origin {
    Origin::File { path: path.to_owned(), line: 0 }
}

#[derive(Default)]
struct Reader {
    directives: Vec<Directive>,
    bytes: u64,
    depth: usize,
}

impl Reader {
    /// `origin` is who asked for the file, for the error if it cannot be read.
    fn file(&mut self, path: &Path, origin: &Origin) -> Result<(), StartError> {
        let mut file = File::open(path).map_err(|e| unreadable(origin, path, &e))?;
        let text = self.text(path, origin, &mut file)?;
        self.lines(&text, path)
    }

    fn text(&mut self, path: &Path, origin: &Origin, stream: &mut dyn Read) -> Result<String, StartError> {
        let left = MAX_BYTES.saturating_sub(self.bytes);
        let mut bytes = Vec::new();
        let read = stream.take(left + 1).read_to_end(&mut bytes).map_err(|e| unreadable(origin, path, &e))? as u64;
        self.bytes += read;
        let fail = |problem| StartError { origin: whole(path), problem };
        if read > left {
            return Err(fail(Problem::TooLarge));
        }
        String::from_utf8(bytes).map_err(|_| fail(Problem::NotText))
    }

    fn lines(&mut self, text: &str, path: &Path) -> Result<(), StartError> {
        for (i, line) in without_mark(text).lines().enumerate() {
            let origin = Origin::File { path: path.to_owned(), line: i + 1 };
            let words = match directive(line) {
                Ok(words) => words,
                Err(words::Unbalanced) => return Err(StartError { origin, problem: Problem::Quotes }),
            };
            match words.as_slice() {
                [] => {}
                [name, files @ ..] if name.eq_ignore_ascii_case("include") && !files.is_empty() => {
                    self.include(files, &origin)?;
                }
                _ => self.directives.push(Directive { origin, words }),
            }
        }
        Ok(())
    }

    fn include(&mut self, files: &[String], origin: &Origin) -> Result<(), StartError> {
        if self.depth == MAX_DEPTH {
            return Err(StartError { origin: origin.clone(), problem: Problem::Includes });
        }
        self.depth += 1;
        for pattern in files {
            for path in expand(pattern) {
                self.file(&path, origin)?;
            }
        }
        self.depth -= 1;
        Ok(())
    }
}

/// The files an `include` names, from the working directory as in Redis. A pattern may stand in the last part of the
/// path; it may match nothing.
fn expand(pattern: &str) -> Vec<PathBuf> {
    let path = PathBuf::from(pattern);
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default().as_bytes();
    if glob::is_literal(name) {
        return vec![path];
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let entries = folder.read_dir().into_iter().flatten().flatten();
    let matching = entries.filter(|entry| {
        let own = entry.file_name();
        // As in a shell, hidden files (an editor's leftovers, say) want to be named.
        let hidden = own.as_encoded_bytes().starts_with(b".") && !name.starts_with(b".");
        !hidden && glob::matches(name, own.as_encoded_bytes(), Case::Exact)
    });
    let mut paths: Vec<PathBuf> = matching.map(|entry| folder.join(entry.file_name())).collect();
    paths.sort();
    paths
}

fn unreadable(origin: &Origin, path: &Path, why: &std::io::Error) -> StartError {
    let problem = Problem::Unreadable { path: path.to_owned(), why: why.to_string() };
    StartError { origin: origin.clone(), problem }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(directives: &[Directive]) -> Vec<String> {
        directives.iter().map(|d| d.words.join("|")).collect()
    }

    #[test]
    fn lines_comments_and_includes() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        std::fs::write(at("b.inc"), "hz 20\r\n").unwrap();
        std::fs::write(at("a.inc"), "hz 15\n").unwrap();
        std::fs::write(at(".c.inc"), "hz bad").unwrap();
        let main = format!(
            "\u{feff}# comment\n\n  PORT 7000  \n\t# indented\nsave 60 1\nINCLUDE \"{d}/*.inc\" {d}/none*\nrequirepass 'a b'",
            d = dir.path().display()
        );
        std::fs::write(at("main.conf"), &main).unwrap();
        let read = read(&at("main.conf")).unwrap();
        assert_eq!(words(&read), ["PORT|7000", "save|60|1", "hz|15", "hz|20", "requirepass|a b"]);
        assert_eq!(read[0].origin, Origin::File { path: at("main.conf"), line: 3 });
        assert_eq!(read[2].origin, Origin::File { path: at("a.inc"), line: 1 });
        assert_eq!(words(&read_from(&mut main.as_bytes()).unwrap()).len(), 5);
    }

    #[test]
    fn what_is_wrong_and_where() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.conf");
        let message = |text: &[u8]| {
            std::fs::write(&path, text).unwrap();
            read(&path).unwrap_err().to_string().replace(&path.display().to_string(), "x.conf")
        };
        assert_eq!(message(b"hz 1\nport \"1"), "x.conf:2: unbalanced quotes");
        assert_eq!(message(b"port \xff"), "x.conf: not UTF-8 text");
        assert!(message(b"\ninclude /nonexistent/x").starts_with("x.conf:2: cannot read /nonexistent/x: No such file"));
        assert!(message(format!("include {}", path.display()).as_bytes()).contains("include one another"));
        assert!(message(&vec![b'\n'; MAX_BYTES as usize + 1]).contains("larger than"));
        assert!(!std::fs::write(&path, vec![b'\n'; MAX_BYTES as usize]).is_ok_and(|()| read(&path).is_err()));
    }
}
