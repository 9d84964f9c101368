//! `brooklet check` on what a crash left: every index against every record, before a start has tidied anything up.

use std::path::Path;
use std::process::Command;

use brooklet_testkit::Target;
use brooklet_testkit::server::Dialect;

/// What is wrong with the data in `folder`, which no server uses now. (redis-server has no such command.)
pub fn is_sound(target: &Target, folder: &Path) -> Result<(), String> {
    // A first start that was cut off early has left nothing to check.
    if target.dialect() != Dialect::Brooklet || !folder.join("FORMAT").exists() {
        return Ok(());
    }
    let checked = Command::new(target.program()).arg("check").arg(folder).output();
    let checked = checked.map_err(|e| format!("brooklet check: {e}"))?;
    match checked.status.success() {
        true => Ok(()),
        false => Err(format!(
            "brooklet check: {}\n{}{}",
            checked.status,
            String::from_utf8_lossy(&checked.stdout),
            String::from_utf8_lossy(&checked.stderr)
        )),
    }
}
