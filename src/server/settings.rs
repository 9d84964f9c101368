//! What a connection derives from the options, kept until its terms change.

use crate::broker::{Engine, Terms};
use crate::config::OutputLimit;
use crate::resp::Limits;
use std::time::Duration;

/// Well below the limits on output: who reads slowly is served slowly, and not thrown out.
const UNREAD_BYTES: usize = 1 << 20;

/// Bytes that a client may have sent before it has authenticated.
const UNKNOWN_REQUEST: usize = 64 << 10;
/// Bytes of replies that may wait for it.
const UNKNOWN_OUTPUT: u64 = 16 << 10;
/// How long it may say nothing.
const UNKNOWN_IDLE: Duration = Duration::from_secs(10);

/// Options that a connection looks at often.
#[derive(Clone, Copy)]
pub struct Settings {
    /// The terms these were derived from.
    pub terms: Terms,
    /// What a request may measure.
    pub limits: Limits,
    /// What may wait to be sent.
    pub output: OutputLimit,
    /// With this many bytes unsent nothing more is executed for the client, until it has read.
    pub unread: usize,
    /// How long the client may do nothing. Who listens may.
    pub idle: Option<Duration>,
}

impl Settings {
    /// The settings under `terms`.
    pub fn of(engine: &Engine, terms: Terms) -> Settings {
        let config = &engine.config;
        let limits = &config.client_output_buffer_limit;
        let output = if terms.subscriber { limits.pubsub } else { limits.normal };
        let bytes = |n: u64| usize::try_from(n).unwrap_or(usize::MAX);
        let settings = Settings {
            terms,
            limits: Limits {
                max_bulk: bytes(config.proto_max_bulk_len),
                max_request: bytes(config.client_query_buffer_limit),
                authenticated: terms.authenticated,
                ..Limits::default()
            },
            output,
            unread: if output.soft > 0 { UNREAD_BYTES.min(bytes(output.soft)) } else { UNREAD_BYTES },
            idle: (config.timeout_s > 0 && !terms.listens).then(|| Duration::from_secs(config.timeout_s)),
        };
        if terms.authenticated { settings } else { settings.before_login() }
    }

    /// The same for a client that nobody knows yet.
    fn before_login(mut self) -> Settings {
        self.limits.max_request = self.limits.max_request.min(UNKNOWN_REQUEST);
        self.output = OutputLimit { hard: UNKNOWN_OUTPUT, ..OutputLimit::default() };
        self.unread = self.unread.min(UNKNOWN_OUTPUT as usize);
        self.idle = Some(self.idle.map_or(UNKNOWN_IDLE, |idle| idle.min(UNKNOWN_IDLE)));
        self
    }
}
