//! `brooklet backup`: asks a running broker for a backup, lists, checks and restores them. Must never know: how a backup is
//! laid out (`brooklet_storage::backup`), how the broker makes one (`broker/backup.rs`).

use super::{complain, print};
use crate::broker::clock::Clock;
use brooklet_storage::StorageError;
use brooklet_storage::backup::{self, manifest::Manifest};
use clap::{Args, Parser, Subcommand};
use indicatif::{HumanBytes, HumanDuration, ProgressBar, ProgressStyle};
use std::ffi::OsString;
use std::io::{self, BufRead, BufReader, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

/// Exit code of `verify` for a damaged backup.
const DAMAGED: u8 = 1;
/// Exit code if something could not be done at all.
const FAILED: u8 = 2;
/// The longest line or text that is taken from a broker.
const MAX_REPLY: u64 = 1 << 20;

/// Makes backups of a data folder, and data folders of backups.
#[derive(Parser)]
#[command(name = "brooklet backup", disable_version_flag = true)]
struct Cli {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Ask a running broker for a backup of all it has executed, and wait for it (what SAVE does)
    Create(Broker),
    /// List the backups in a data folder, the oldest first
    List {
        /// The data folder (`dir`)
        folder: PathBuf,
    },
    /// Compare all files of a backup with its manifest
    Verify {
        /// The backup's own folder
        backup: PathBuf,
    },
    /// Make a data folder of a backup
    Restore {
        /// The backup's own folder
        backup: PathBuf,
        /// The new data folder; it must be empty, or not be there
        #[arg(long)]
        to: PathBuf,
    },
}

/// Where the broker is. Its password comes from the variable REDISCLI_AUTH.
#[derive(Args)]
struct Broker {
    /// Its address
    #[arg(long, default_value = "127.0.0.1")]
    host: String,
    /// Its port
    #[arg(long, default_value_t = 6379)]
    port: u16,
    /// Its socket file, instead of an address
    #[arg(long)]
    unixsocket: Option<PathBuf>,
    /// Whom to log in as
    #[arg(long, default_value = "default")]
    user: String,
}

/// Runs `brooklet backup` with these arguments.
pub fn run(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let name = [OsString::from("brooklet backup")];
    let cli = match Cli::try_parse_from(name.into_iter().chain(args)) {
        Ok(cli) => cli,
        Err(why) => {
            let _ = why.print();
            return ExitCode::from(if why.use_stderr() { FAILED } else { 0 });
        }
    };
    let done = match cli.action {
        Action::Create(broker) => create(&broker).map_err(|why| format!("no backup was made: {why}")),
        Action::List { folder } => list(&folder).map_err(|why| why.to_string()),
        Action::Verify { backup } => verify(&backup).map_err(|why| why.to_string()),
        Action::Restore { backup, to } => restore(&backup, &to).map_err(|why| why.to_string()),
    };
    done.unwrap_or_else(|why| {
        complain(&why);
        ExitCode::from(FAILED)
    })
}

fn list(folder: &Path) -> Result<ExitCode, StorageError> {
    let root = backup::folder_of(folder);
    for (name, manifest) in backup::list(&root)? {
        let about = manifest.map_or_else(|why| format!("damaged: {why}"), |manifest| about(&manifest));
        print(&format!("{}  {about}", root.join(name).display()));
    }
    Ok(ExitCode::SUCCESS)
}

fn about(manifest: &Manifest) -> String {
    let now_ms = Clock::system().now_ms().max(0) as u64;
    let age = HumanDuration(Duration::from_millis(now_ms.saturating_sub(manifest.at_ms)));
    let (commit, files, size) = (manifest.mark.commit, manifest.files.len(), HumanBytes(manifest.bytes()));
    format!("{size} in {files} files, through commit {commit}, made {age} ago")
}

fn verify(path: &Path) -> Result<ExitCode, StorageError> {
    let bar = bar("reading", backup::read_manifest(path)?.bytes());
    let findings = backup::verify(path, |bytes| bar.inc(bytes))?;
    bar.finish_and_clear();
    findings.iter().for_each(|finding| complain(finding));
    if findings.is_empty() {
        return Ok(print(&format!("{} is whole: {}", path.display(), about(&backup::read_manifest(path)?))));
    }
    complain(&format!("{} is damaged", path.display()));
    Ok(ExitCode::from(DAMAGED))
}

fn restore(path: &Path, to: &Path) -> Result<ExitCode, StorageError> {
    let bar = bar("copying", backup::read_manifest(path)?.bytes());
    let manifest = backup::restore(path, to, |bytes| bar.inc(bytes))?;
    bar.finish_and_clear();
    Ok(print(&format!("{} holds {}; start with --dir {}", to.display(), about(&manifest), to.display())))
}

/// Shows nothing where there is no terminal.
fn bar(what: &'static str, bytes: u64) -> ProgressBar {
    let bar = ProgressBar::new(bytes).with_message(what);
    if let Ok(style) = ProgressStyle::with_template("{msg} {wide_bar} {bytes} of {total_bytes}  {eta}") {
        bar.set_style(style);
    }
    bar
}

fn create(broker: &Broker) -> io::Result<ExitCode> {
    let mut client = Client::connect(broker)?;
    if let Ok(password) = std::env::var("REDISCLI_AUTH") {
        client.call(&["AUTH", &broker.user, &password])?;
    }
    client.call(&["SAVE"])?;
    let told = client.call(&["INFO", "brooklet"])?;
    let name = told.lines().find_map(|line| line.strip_prefix("backup_last:")).unwrap_or_default();
    if name.is_empty() {
        return Err(io::Error::other("the broker keeps none (backup-keep 0, or it runs without a disk)"));
    }
    Ok(print(name))
}

trait Stream: Read + Write {}
impl<T: Read + Write> Stream for T {}

/// As much of a client as this takes: one call after the other, in RESP2.
struct Client {
    stream: BufReader<Box<dyn Stream>>,
}

impl Client {
    fn connect(broker: &Broker) -> io::Result<Client> {
        let stream: Box<dyn Stream> = match &broker.unixsocket {
            Some(path) => Box::new(UnixStream::connect(path)?),
            None => {
                let stream = TcpStream::connect((broker.host.as_str(), broker.port))?;
                stream.set_write_timeout(Some(Duration::from_secs(10)))?;
                Box::new(stream)
            }
        };
        Ok(Client { stream: BufReader::new(stream) })
    }

    /// The text of the reply; an error reply is an error.
    fn call(&mut self, words: &[&str]) -> io::Result<String> {
        let mut request = format!("*{}\r\n", words.len());
        words.iter().for_each(|word| request += &format!("${}\r\n{word}\r\n", word.len()));
        self.stream.get_mut().write_all(request.as_bytes())?;
        let mut line = String::new();
        (&mut self.stream).take(MAX_REPLY).read_line(&mut line)?;
        let line = line.trim_end();
        match line.split_at_checked(1) {
            Some(("+", text)) => Ok(text.to_owned()),
            Some(("-", text)) => Err(io::Error::other(text.to_owned())),
            Some(("$", len)) => self.bulk(len),
            _ => Err(io::Error::new(ErrorKind::InvalidData, format!("no broker answers like this: {line:?}"))),
        }
    }

    fn bulk(&mut self, len: &str) -> io::Result<String> {
        let len = len.parse::<u64>().ok().filter(|len| *len <= MAX_REPLY).ok_or(ErrorKind::InvalidData)?;
        let mut text = String::new();
        (&mut self.stream).take(len + 2).read_to_string(&mut text)?;
        Ok(text)
    }
}
