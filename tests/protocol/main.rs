//! Transcripts: every file of `cases/` is a story between named clients and a server, in redis-cli's notation. It runs
//! against our server and against the reference, in RESP2 and in RESP3; each run is one test, named
//! `brooklet/resp3/stream/xadd`. With `BROOKLET_RECORD=1` the expected replies are written from the reference instead.
//! The format stands in `script.rs`.

#![allow(clippy::disallowed_methods, clippy::print_stdout)]

mod answers;
mod catalogue;
mod literals;
mod pool;
mod record;
mod run;
mod script;
mod stage;
mod telemetry;
mod tour;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use brooklet_testkit::{Protocol, Target};
use libtest_mimic::{Arguments, Failed, Trial};

use crate::answers::Side;
use crate::pool::Pool;
use crate::script::Script;

/// A test of ours that has the reference beside it.
type Comparison = fn(&Target, &Target) -> Result<(), String>;

/// Those that are no transcripts.
const COMPARISONS: &[(&str, Comparison)] = &[
    ("catalogue", catalogue::run),
    ("readme/sixty seconds", tour::run),
    ("telemetry/info", telemetry::info::run),
    ("telemetry/moves", telemetry::moves::run),
    ("telemetry/shapes", telemetry::shapes::run),
    ("literals/each is said", literals::run),
    ("literals/every call of a pipeline is answered", |ours, _| literals::all_are_answered(ours)),
];

fn main() {
    let mut arguments = Arguments::from_args();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/protocol/cases");
    let files = files(&root);
    if std::env::var_os("BROOKLET_RECORD").is_some_and(|v| v == "1") {
        return record::record(&root, &files, arguments.filter.as_deref());
    }
    // Most of the time of a transcript is spent waiting for nothing to happen.
    arguments.test_threads.get_or_insert(6);
    let ours = Arc::new(Pool::new(Side::Brooklet, Target::under_test(env!("CARGO_BIN_EXE_brooklet"))));
    let reference = Target::reference().map(|target| Arc::new(Pool::new(Side::Redis, target)));
    let mut trials = Vec::new();
    for file in &files {
        add(&mut trials, &root, file, &ours, reference.as_ref().ok());
    }
    if let Ok(target) = Target::reference() {
        for (name, compare) in COMPARISONS {
            let (ours, reference) = (Target::under_test(env!("CARGO_BIN_EXE_brooklet")), target.clone());
            trials.push(Trial::test(*name, move || compare(&ours, &reference).map_err(Failed::from)));
        }
    }
    let missing = reference.as_ref().err().cloned();
    trials.push(Trial::test("the reference server is there", move || missing.map_or(Ok(()), |why| Err(why.into()))));
    let conclusion = libtest_mimic::run(&arguments, trials);
    ours.stop();
    if let Ok(pool) = reference {
        pool.stop();
    }
    conclusion.exit();
}

/// All transcripts below `root`, sorted.
fn files(root: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![root.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("the folder of transcripts").flatten() {
            match entry.path() {
                path if path.is_dir() => folders.push(path),
                path if path.extension().is_some_and(|e| e == "txt") => found.push(path),
                _ => {}
            }
        }
    }
    found.sort();
    found
}

/// `stream/xadd` for `.../cases/stream/xadd.txt`.
fn name(root: &Path, file: &Path) -> String {
    file.strip_prefix(root).unwrap_or(file).with_extension("").to_string_lossy().into_owned()
}

fn add(trials: &mut Vec<Trial>, root: &Path, file: &Path, ours: &Arc<Pool>, reference: Option<&Arc<Pool>>) {
    let name = name(root, file);
    let script = match Script::read(file) {
        Ok(script) => Arc::new(script),
        Err(why) => return trials.push(Trial::test(format!("format/{name}"), move || Err(Failed::from(why)))),
    };
    for protocol in Protocol::ALL {
        let pools = [Some(ours), reference.filter(|_| script.since.is_none())];
        for pool in pools.into_iter().flatten() {
            let (pool, script) = (Arc::clone(pool), Arc::clone(&script));
            let title = format!("{}/{}/{name}", pool.side().name(), protocol.name());
            trials.push(Trial::test(title, move || run::run(&script, &pool, protocol).map_err(Failed::from)));
        }
    }
}
