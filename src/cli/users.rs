//! The users that the configuration names: lines `user`, or a file of their own, but not both.

use crate::acl::{self, User};
use crate::command::error;
use crate::config::Config;

/// The users to start with; a line that says what is wrong, if something is.
pub fn configured(config: &Config, lines: &[Vec<String>]) -> Result<Vec<User>, String> {
    let open_channels = config.acl_pubsub_default == "allchannels";
    if config.aclfile.as_os_str().is_empty() {
        let text: String = lines.iter().map(|words| format!("user {}\n", words.join(" "))).collect();
        return acl::parse(text.as_bytes(), open_channels).map_err(|errors| error::acl::list("user", &errors));
    }
    if !lines.is_empty() {
        return Err("users stand in the configuration and in an aclfile; only one of them may name users".into());
    }
    let path = config.aclfile.display().to_string();
    let text = std::fs::read(&config.aclfile).map_err(|why| format!("cannot read aclfile {path}: {why}"))?;
    acl::parse(&text, open_channels).map_err(|errors| error::acl::list(&path, &errors))
}

/// Whether whoever comes may call without a password.
pub fn are_open(config: &Config, users: &[User]) -> bool {
    match users.iter().find(|user| user.name() == b"default") {
        Some(user) => user.on && user.nopass,
        None => config.requirepass.is_empty(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(lines: &[&str]) -> Vec<Vec<String>> {
        lines.iter().map(|line| line.split(' ').map(str::to_owned).collect()).collect()
    }

    #[test]
    fn lines_and_a_file_exclude_each_other() {
        let mut config = Config::default();
        let users = configured(&config, &lines(&["bob on nopass ~x", "default off"])).unwrap();
        assert_eq!(users.len(), 2);
        assert!(!are_open(&config, &users) && are_open(&config, &users[..1]));
        assert!(configured(&config, &lines(&["bob", "bob"])).unwrap_err().contains("Duplicate"));
        assert!(configured(&config, &lines(&["bob zzz"])).unwrap_err().starts_with("user:1: Syntax error"));
        let folder = tempfile::tempdir().unwrap();
        config.aclfile = folder.path().join("users");
        assert!(configured(&config, &[]).unwrap_err().starts_with("cannot read aclfile"));
        std::fs::write(&config.aclfile, "user eve on\n").unwrap();
        assert_eq!(configured(&config, &[]).unwrap()[0].name(), b"eve");
        assert!(configured(&config, &lines(&["bob"])).is_err());
    }
}
