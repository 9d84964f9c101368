//! The bodies of the fuzz targets over their corpus: what a fuzzer once found stays found.

#[path = "../../fuzz/bodies/mod.rs"]
mod bodies;

use std::path::Path;

fn over(target: &str, body: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target);
    let mut inputs = 0;
    for file in std::fs::read_dir(&folder).unwrap() {
        body(&std::fs::read(file.unwrap().path()).unwrap());
        inputs += 1;
    }
    assert!(inputs > 0, "no corpus in {}", folder.display());
}

#[test]
fn requests() {
    over("request", bodies::request);
}

#[test]
fn globs() {
    over("glob", bodies::glob);
}

#[test]
fn batches() {
    over("batch", bodies::batch);
}

#[test]
fn records() {
    over("record", bodies::record);
}

#[test]
fn access_lists() {
    over("acl", bodies::acl);
}

#[test]
fn calls_from_the_grammar() {
    over("verbs", bodies::verbs);
}

#[test]
fn configurations() {
    over("config", bodies::config);
}

#[test]
fn sessions() {
    over("session", bodies::session);
}

#[cfg(feature = "scripting")]
#[test]
fn scripts() {
    over("script", bodies::script);
}
