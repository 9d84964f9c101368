//! Names that no two instances share.

use std::hash::{BuildHasher, RandomState};

/// 32 hexadecimal digits at random.
pub(crate) fn unique() -> String {
    // Each has keys that come from the system's own source of chance.
    let half = || RandomState::new().hash_one(std::process::id());
    format!("{:016x}{:016x}", half(), half() ^ fastrand::u64(..))
}

#[cfg(test)]
mod tests {
    #[test]
    fn no_two_names_are_the_same() {
        let names: std::collections::HashSet<String> = (0..1000).map(|_| super::unique()).collect();
        assert_eq!(names.len(), 1000);
        assert!(names.iter().all(|name| name.len() == 32));
    }
}
