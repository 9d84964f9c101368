//! Leaks: paths of somebody's machine and hosts of registries do not belong into the tree.

use crate::{none, tree};

/// Made of two parts, so that this file does not hold them.
const PATHS: &[&str] = &[concat!("/ro", "ot/"), concat!("/wo", "rk/"), concat!("/ho", "me/"), concat!("/Use", "rs/")];
const HOSTS: &[&str] = &[
    concat!("crates", ".io/"),
    concat!("static.crates", ".io"),
    concat!("deb.deb", "ian.org"),
    concat!("pypi", ".org"),
    concat!("registry.npm", "js.org"),
    concat!("proxy.go", "lang.org"),
    concat!("repo1.mav", "en.org"),
];

#[test]
fn no_machine_and_no_registry_is_named() {
    let mut complaints = Vec::new();
    for path in tree::files().into_iter().filter(|path| path.extension().is_none_or(|e| e != "lock")) {
        let Some(text) = tree::text(&path) else { continue };
        for (n, line) in text.lines().enumerate() {
            let found = PATHS.iter().chain(HOSTS).filter(|leak| line.contains(**leak));
            complaints.extend(found.map(|leak| format!("{}:{}: {leak}", path.display(), n + 1)));
        }
    }
    none("a file names a machine's folder or a registry", &complaints);
}
