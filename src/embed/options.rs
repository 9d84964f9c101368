//! How an embedded broker is set up. The same options as everywhere (`docs/configuration.md`), as a value.

use super::{Broker, Error};
use crate::broker::clock::{Clock, ManualClock};
use crate::broker::shared::Shared;
use crate::config::Config;
use std::path::Path;

/// A configuration.
#[derive(Clone, Debug)]
pub struct Options {
    pub(crate) config: Config,
    /// Whether somebody said how much memory the broker may have.
    pub(crate) is_limited: bool,
}

impl Options {
    /// Data in `folder`, everything else as it is by default.
    pub fn at(folder: impl AsRef<Path>) -> Options {
        let mut config = Config::default();
        config.dir = folder.as_ref().into();
        Options { config, is_limited: false }
    }

    /// No data on disk.
    pub fn in_memory() -> Options {
        let mut config = Config::default();
        config.memory = true;
        Options { config, is_limited: false }
    }

    /// Sets an option by its name in `docs/configuration.md`, e.g. `("appendfsync", "always")`; not one that is only a
    /// flag of the program. `maxmemory` counts what the process uses from here on; without it the broker keeps to the default
    /// as well as it can, and never refuses a command for lack of memory.
    pub fn set(mut self, name: &str, value: &str) -> Result<Options, Error> {
        self.config.prepare(name, value).map_err(|e| Error::Refused(e.to_string()))?;
        self.is_limited |= name.eq_ignore_ascii_case("maxmemory");
        Ok(self)
    }
}

/// The time at which a manual clock starts: 2024-01-01 00:00:00 UTC.
const MANUAL_START_MS: i64 = 1_704_067_200_000;

/// Puts a broker together.
#[derive(Default)]
pub struct Builder {
    options: Option<Options>,
    manual: Option<ManualClock>,
}

impl Builder {
    /// The options; in memory if this is not called.
    pub fn options(mut self, options: Options) -> Builder {
        self.options = Some(options);
        self
    }

    /// Time stands still until [`Broker::advance`] moves it.
    pub fn manual_clock(self) -> Builder {
        self.manual_clock_at(MANUAL_START_MS)
    }

    /// Time stands at `unix_ms` milliseconds until [`Broker::advance`] moves it.
    pub fn manual_clock_at(mut self, unix_ms: i64) -> Builder {
        self.manual = Some(ManualClock::at(unix_ms));
        self
    }

    /// The broker. Options that ask for data on disk need the feature `rocksdb`; without it this answers an error.
    pub fn build(self) -> Result<Broker, Error> {
        let Options { config, is_limited } = self.options.unwrap_or_else(Options::in_memory);
        let clock = self.manual.clone().map_or_else(Clock::system, Clock::Manual);
        if config.is_volatile() {
            let (shared, threads) = Shared::volatile(config, clock);
            return Ok(Broker::start(shared, threads, self.manual, is_limited));
        }
        #[cfg(feature = "rocksdb")]
        {
            let (shared, threads) = Shared::open(config, clock, &std::sync::Arc::default())?;
            Ok(Broker::start(shared, threads, self.manual, is_limited))
        }
        #[cfg(not(feature = "rocksdb"))]
        Err(Error::Refused("this build has no durable storage (feature `rocksdb`)".into()))
    }
}
