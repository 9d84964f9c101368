//! The log of the process: where it goes, and how much of it.

use crate::config::{Config, LogLevel};
use std::fs::OpenOptions;
use std::io;
use std::path::Path;
use std::sync::{Mutex, OnceLock};
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::fmt::writer::BoxMakeWriter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Registry, fmt, reload};

static LEVEL: OnceLock<reload::Handle<LevelFilter, Registry>> = OnceLock::new();

/// Starts the log of a program. A library leaves that to the program that it is part of.
///
/// # Errors
/// The file of `logfile` cannot be opened.
pub fn start(config: &Config) -> io::Result<()> {
    let level = if config.quiet { LevelFilter::WARN.min(filter(config.loglevel)) } else { filter(config.loglevel) };
    let (level, handle) = reload::Layer::new(level);
    let lines = fmt::layer().with_target(false).with_ansi(false).with_writer(writer(&config.logfile)?);
    let _ = Registry::default().with(level).with(lines).try_init();
    let _ = LEVEL.set(handle);
    Ok(())
}

/// Changes how much is logged, where [`start`] was called.
pub fn set_level(level: LogLevel) {
    if let Some(handle) = LEVEL.get() {
        let _ = handle.reload(filter(level));
    }
}

fn writer(file: &Path) -> io::Result<BoxMakeWriter> {
    if file.as_os_str().is_empty() {
        return Ok(BoxMakeWriter::new(io::stderr));
    }
    let file = OpenOptions::new().create(true).append(true).open(file)?;
    Ok(BoxMakeWriter::new(Mutex::new(file)))
}

fn filter(level: LogLevel) -> LevelFilter {
    match level {
        LogLevel::Debug => LevelFilter::DEBUG,
        LogLevel::Verbose | LogLevel::Notice => LevelFilter::INFO,
        LogLevel::Warning => LevelFilter::WARN,
        LogLevel::Nothing => LevelFilter::OFF,
    }
}
