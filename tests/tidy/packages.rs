//! Packages: what `Cargo.lock` says of where they come from and who uses which. `cargo deny` checks more, where it is
//! installed; these must hold everywhere.

use crate::{none, tree};
use std::path::Path;

/// One `[[package]]` of the lock file.
struct Package {
    name: String,
    source: Option<String>,
    dependencies: Vec<String>,
}

fn packages() -> Vec<Package> {
    let lock = tree::text(Path::new("Cargo.lock")).expect("Cargo.lock");
    lock.split("[[package]]").skip(1).map(package).collect()
}

fn package(block: &str) -> Package {
    let value = |key: &str| {
        let line = block.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(" = \""));
        line.map(|v| v.trim_end_matches('"').to_owned())
    };
    let listed = block.split_once("dependencies = [").map_or("", |(_, list)| list);
    let words = listed.lines().filter_map(|line| line.trim().strip_prefix('"'));
    let dependencies = words.filter_map(|line| Some(line.split([' ', '"']).next()?.to_owned())).collect();
    Package { name: value("name").unwrap_or_default(), source: value("source"), dependencies }
}

#[test]
fn only_storage_depends_on_rocksdb() {
    let users = |of: &str| -> Vec<String> {
        packages().into_iter().filter(|p| p.dependencies.iter().any(|d| d == of)).map(|p| p.name).collect()
    };
    assert_eq!(users("rust-rocksdb"), ["brooklet-storage"]);
    assert_eq!(users("rust-librocksdb-sys"), ["rust-rocksdb"]);
}

#[test]
fn nothing_links_openssl() {
    // `openssl-probe` links nothing: it knows in which folders systems keep their certificates.
    let is_openssl = |name: &str| name.contains("openssl") && name != "openssl-probe";
    let found = packages().into_iter().filter(|p| is_openssl(&p.name) || p.name == "native-tls");
    none("TLS is rustls", &found.map(|p| p.name).collect::<Vec<_>>());
}

#[test]
fn packages_come_from_the_public_registry() {
    let ours = ["brooklet", "brooklet-storage", "brooklet-testkit", "brooklet-sizes", "brooklet-client"];
    let is_registry = |source: &str| source.starts_with("registry+") && source.contains("rust-lang/");
    let strange = packages().into_iter().filter(|p| match &p.source {
        Some(source) => !is_registry(source),
        None => !ours.contains(&p.name.as_str()),
    });
    none("a package from elsewhere", &strange.map(|p| p.name).collect::<Vec<_>>());
}

#[test]
fn test_binaries_are_few() {
    // Each one links RocksDB again.
    let manifest = tree::text(Path::new("Cargo.toml")).expect("Cargo.toml");
    let count = manifest.matches("[[test]]").count();
    assert!(count <= 8, "{count} test binaries: make new tests modules of those that exist");
}
