//! Every record of every key, database by database: the facts about the store, names, values.

use super::{At, Check, Kind, Place, Report};
use crate::backend::{Backend, Space};
use crate::checkpoint::Meta;
use crate::error::{Result, StorageError};
use crate::journal::Mark;
use crate::keys;
use crate::keyspace::object::Kind as Type;
use crate::load::{NameRecord, scan_prefix};
use crate::progress::{Phase, Progress};
use crate::store::hash_of_name;
use std::collections::{BTreeMap, BTreeSet};

/// Checks all records; answers the last commit that they hold, unless nobody can say.
pub fn check_records(backend: &dyn Backend, progress: &Progress, report: &mut Report) -> Option<Mark> {
    let meta = match Meta::read(backend) {
        Ok(Some(meta)) => meta,
        Ok(None) => {
            nothing_without_meta(backend, report);
            return Some(Mark::default());
        }
        Err(why) => {
            report.found(Kind::Meta, Place::Store, why.to_string());
            return None;
        }
    };
    progress.begin(Phase::Keys, 0);
    Check { backend, meta: &meta, progress, report, referred: BTreeMap::new() }.run();
    Some(meta.applied)
}

/// The facts about the store are written with the first record, so records without them mean that they were lost.
fn nothing_without_meta(backend: &dyn Backend, report: &mut Report) {
    for space in Space::ALL {
        let mut found = false;
        let all = &mut |_: &[u8], _: &[u8]| {
            found = true;
            std::ops::ControlFlow::Break(())
        };
        let read = backend.scan(space, &[], &[0xff; 64], all);
        if found || read.is_err() {
            report.found(Kind::Meta, Place::Store, "there are records, but no record of the store they belong to");
            return;
        }
    }
}

impl Check<'_> {
    fn run(mut self) {
        let meta = self.meta;
        let mut known = BTreeSet::new();
        for (db, physical) in (0..).zip(meta.databases.iter().copied()) {
            if !known.insert(physical) || physical >= meta.next_physical {
                let text = format!("database {db} writes as {physical}, which another one does or never was given out");
                self.report.found(Kind::Meta, Place::Store, text);
                continue;
            }
            self.database(db, physical);
            self.owned(physical);
        }
        self.left_over(&known);
        self.epochs();
    }

    fn database(&mut self, db: u32, physical: u32) {
        let backend = self.backend;
        let scanned = scan_prefix(backend, Space::Names, keys::database(physical), |key, record| {
            self.progress.add(1);
            self.name(db, physical, key, record);
            Ok(())
        });
        if let Err(why) = scanned {
            let text = format!("the names of database {db} cannot be read to the end: {why}");
            self.report.found(Kind::Name, Place::Store, text);
        }
    }

    fn name(&mut self, db: u32, physical: u32, key: &[u8], record: &[u8]) {
        let Some((hash, name)) = keys::split_name(key) else {
            let text = format!("malformed key {}", key.escape_ascii());
            return self.report.found(Kind::Name, Place::Store, text);
        };
        let mut at = At { db, physical, uid: 0, name };
        let decoded = match NameRecord::decode(record) {
            Ok(decoded) => decoded,
            Err(why) => return self.found(Kind::Name, at, why.to_string()),
        };
        at.uid = decoded.uid;
        if decoded.encode() != record {
            self.found(Kind::Name, at, "the record is not as it is written");
        }
        if hash != hash_of_name(name, self.meta.seed) {
            self.found(Kind::Name, at, format!("stands under the hash {hash:016x}, where nobody looks for it"));
        }
        if decoded.uid >= self.meta.next_uid {
            self.found(Kind::Name, at, format!("has number {}, which was never given out", decoded.uid));
        }
        if decoded.deadline_ms.is_some_and(|ms| i64::try_from(ms).is_err()) {
            self.found(Kind::Name, at, "its deadline is beyond all time");
        }
        self.report.looked.key(decoded.kind);
        self.value(at, decoded.kind);
    }

    fn value(&mut self, at: At<'_>, kind: Type) {
        let bytes = match self.backend.get(Space::Values, &keys::value(at.physical, at.uid)) {
            Ok(Some(bytes)) => bytes,
            Ok(None) => return self.found(Kind::Value, at, format!("value {} is missing", at.uid)),
            Err(why) => return self.found(Kind::Value, at, why.to_string()),
        };
        match kind {
            Type::Str => {}
            Type::Stream => self.stream(at, &bytes),
            kind => self.elements(at, kind, &bytes),
        }
    }

    /// Notes that a family of records cannot be read to its end.
    pub(super) fn unreadable(&mut self, kind: Kind, space: Space, scanned: Result<()>) {
        if let Err(why) = scanned {
            let text = format!("the records of {space:?} cannot be read to the end: {}", brief(&why));
            self.report.found(kind, Place::Store, text);
        }
    }
}

/// The cause, without what every text of its kind begins with.
fn brief(why: &StorageError) -> String {
    match why {
        StorageError::Corrupt { detail, .. } => detail.clone(),
        other => other.to_string(),
    }
}
