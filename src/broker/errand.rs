//! Errands: what a command needs done outside the engine lock before it can be answered, and is no load of data.
//!
//! The session that called does the errand between two holds of the lock, as it does with a load; the answer is the
//! command's reply. Only short work belongs here: waiting belongs to [`super::wait`].

use super::shared::Shared;
use crate::acl;
use crate::command::error::{self, Refusal};
use crate::config::{self, Config};
use crate::reply::Reply;
use std::path::PathBuf;
use std::time::Duration;

/// What has to be done.
#[derive(Debug)]
pub enum Errand {
    /// CONFIG REWRITE: write these options, and lines about users if these belong there, into that file.
    RewriteConfig(Option<PathBuf>, Box<Config>, Option<Vec<String>>),
    /// ACL LOAD: read the users from their file.
    LoadUsers,
    /// ACL SAVE: write the users into their file.
    SaveUsers,
    /// DEBUG SLEEP: keep everybody waiting, as a reference server that sleeps does.
    StandStill(Duration),
    /// EXEC: what calls of a transaction need done, each with its place among the answers.
    Several(Vec<Reply>, Vec<(usize, Errand)>),
}

impl Errand {
    /// Does it, and says what the caller is answered. Blocks.
    pub(crate) fn run(self, shared: &Shared) -> Reply {
        match self {
            Errand::RewriteConfig(file, config, users) => {
                match config::rewrite(file.as_deref(), &config, users.as_deref()) {
                    Ok(()) => Reply::OK,
                    Err(why) => Reply::Error(why.to_string().into()),
                }
            }
            Errand::LoadUsers => done(load_users(shared)),
            Errand::SaveUsers => done(save_users(shared)),
            Errand::StandStill(time) => {
                // The one place that sleeps under the lock: that is what was asked for.
                let mut engine = shared.engine();
                std::thread::sleep(time);
                engine.note_event("command", time.as_micros() as u64);
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

fn done(outcome: Result<(), Refusal>) -> Reply {
    match outcome {
        Err(Refusal::Wire(line)) => Reply::Error(line),
        _ => Reply::OK,
    }
}

fn load_users(shared: &Shared) -> Result<(), Refusal> {
    let (path, open_channels) = {
        let engine = shared.engine();
        (engine.config.aclfile.clone(), engine.config.acl_pubsub_default == "allchannels")
    };
    let shown = path.display().to_string();
    let text = std::fs::read(&path).map_err(|why| error::acl::unreadable(&shown, &why.to_string()))?;
    let users = acl::parse(&text, open_channels).map_err(|errors| error::acl::mistakes(&shown, &errors))?;
    shared.engine().replace_users(users);
    Ok(())
}

fn save_users(shared: &Shared) -> Result<(), Refusal> {
    let (path, text) = {
        let engine = shared.engine();
        (engine.config.aclfile.clone(), acl::text(engine.access.users.iter()))
    };
    config::replace(&path, &text).map_err(|why| {
        tracing::warn!("cannot write {}: {why}", path.display());
        error::acl::NOT_SAVED
    })
}
