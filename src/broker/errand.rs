//! Errands: what a command needs done outside the engine lock before it can be answered, and is no load of data.
//!
//! The session that called does the errand between two holds of the lock, as it does with a load; the answer is the
//! command's reply. Only short work belongs here: waiting belongs to [`super::wait`].

use super::shared::Shared;
use crate::config::{self, Config};
use crate::reply::Reply;
use std::path::PathBuf;
use std::time::Duration;

/// What has to be done.
#[derive(Debug)]
pub enum Errand {
    /// CONFIG REWRITE: write these options into that file.
    RewriteConfig(Option<PathBuf>, Box<Config>),
    /// DEBUG SLEEP: keep everybody waiting, as a reference server that sleeps does.
    StandStill(Duration),
    /// EXEC: what calls of a transaction need done, each with its place among the answers.
    Several(Vec<Reply>, Vec<(usize, Errand)>),
}

impl Errand {
    /// Does it, and says what the caller is answered. Blocks.
    pub(crate) fn run(self, shared: &Shared) -> Reply {
        match self {
            Errand::RewriteConfig(file, config) => match config::rewrite(file.as_deref(), &config) {
                Ok(()) => Reply::OK,
                Err(why) => Reply::Error(why.to_string().into()),
            },
            Errand::StandStill(time) => {
                // The one place that sleeps under the lock: that is what was asked for.
                let _engine = shared.engine();
                std::thread::sleep(time);
                Reply::OK
            }
            Errand::Several(mut answers, errands) => {
                for (place, errand) in errands {
                    answers[place] = errand.run(shared);
                }
                Reply::Array(answers)
            }
        }
    }
}
