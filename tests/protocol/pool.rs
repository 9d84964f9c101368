//! Servers that wait for the next transcript, so that not each of them pays for a start.

use std::sync::{Mutex, PoisonError};

use brooklet_testkit::server::{Data, Dialect};
use brooklet_testkit::{Server, Target};

use crate::answers::Side;

pub struct Pool {
    side: Side,
    target: Target,
    idle: Mutex<Vec<Server>>,
}

impl Pool {
    pub fn new(side: Side, target: Target) -> Self {
        Self { side, target, idle: Mutex::new(Vec::new()) }
    }

    pub fn side(&self) -> Side {
        self.side
    }

    /// A server; one with flags is always new.
    pub fn take(&self, flags: &[String]) -> Result<Server, String> {
        let idle = if flags.is_empty() { self.lock().pop() } else { None };
        match idle {
            Some(server) => Ok(server),
            None => Server::start(&self.target, Data::Volatile, flags).map_err(|e| self.failed(&e)),
        }
    }

    /// Gives back one whose transcript passed and left no settings behind.
    pub fn put_back(&self, server: Server) {
        self.lock().push(server);
    }

    /// Ends all idle servers.
    pub fn stop(&self) {
        self.lock().clear();
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Server>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn failed(&self, why: &std::io::Error) -> String {
        let whose = if self.target.dialect() == Dialect::Redis { "the reference" } else { "our server" };
        format!("{whose} does not start: {why}")
    }
}
