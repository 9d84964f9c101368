//! Control groups: how the system gives a process less memory or less of a processor. They take root and a kernel that has them.

use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::Duration;

/// A control group of its own.
pub struct Group {
    folder: PathBuf,
}

impl Group {
    /// Puts the process into a new group of `controller` under `limits` (files and what is written into them); why not, if it
    /// cannot be done.
    pub fn limit(controller: &str, pid: u32, limits: &[(&str, String)]) -> Result<Group, String> {
        let root = Path::new("/sys/fs/cgroup").join(controller);
        let folder = root.join(format!("brooklet-{controller}-{pid}"));
        let made = std::fs::create_dir(&folder);
        let group = Group { folder };
        let write = |file: &str, value: &str| std::fs::write(group.folder.join(file), value);
        made.and_then(|()| limits.iter().try_for_each(|(file, value)| write(file, value)))
            .and_then(|()| write("cgroup.procs", &pid.to_string()))
            .map_err(|why| format!("this takes root and {}: {why}", root.display()))?;
        Ok(group)
    }

    /// What the system says in a file of the group.
    pub fn read(&self, file: &str) -> String {
        std::fs::read_to_string(self.folder.join(file)).unwrap_or_default()
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        // Only an empty group can go; its members may still be ending.
        for _ in 0..100 {
            if std::fs::remove_dir(&self.folder).is_ok() {
                return;
            }
            sleep(Duration::from_millis(20));
        }
    }
}
