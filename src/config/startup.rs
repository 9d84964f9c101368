//! From defaults, file, environment and flags to one configuration that remembers where each value came from.
//!
//! Later sources win: defaults < file < environment < flags. Must never know: how a file or a command line is written.
//! Read next: `file.rs`, `flags.rs`.

use super::error::{Invalid, Problem, StartError};
use super::file::Directive;
use super::inert::SKIPPED;
use super::origin::Origin;
use super::spec::{Change, Spec, find, nearest};
use super::{Config, words};
use std::collections::{BTreeMap, BTreeSet};
use std::mem::discriminant;
use std::path::{Path, PathBuf};

/// All that was said at start.
#[derive(Clone, Debug, Default)]
pub struct Startup {
    /// The configuration.
    pub config: Config,
    /// The file that CONFIG REWRITE writes; none if there was no file or it came from standard input.
    pub file: Option<PathBuf>,
    /// The words after `user`, one list per line of that kind, for the access control lists.
    pub users: Vec<Vec<String>>,
    /// What the operator should read once, a line each.
    pub warnings: Vec<String>,
    origins: BTreeMap<&'static str, Origin>,
}

impl Startup {
    /// Where the value of the option of this name came from.
    pub fn origin(&self, name: &str) -> &Origin {
        find(name).and_then(|(spec, _)| self.origins.get(spec.name)).unwrap_or(&Origin::Default)
    }
}

/// Collects assignments, weakest source first.
#[derive(Default)]
pub(super) struct Loader {
    startup: Startup,
    /// Directives without effect that somebody gave another value than the usual one.
    ignored: BTreeSet<&'static str>,
}

impl Loader {
    /// Applies the lines of a file or the flags of a command line.
    pub(super) fn directives(&mut self, directives: &[Directive]) -> Result<(), StartError> {
        directives.iter().try_for_each(|directive| self.directive(directive))
    }

    fn directive(&mut self, directive: &Directive) -> Result<(), StartError> {
        let Some((name, values)) = directive.words.split_first() else { return Ok(()) };
        let fail = |problem| Err(StartError { origin: directive.origin.clone(), problem });
        if name.eq_ignore_ascii_case("user") {
            if values.is_empty() {
                return fail(Problem::Value { name: name.clone(), why: Invalid::WrongNumber });
            }
            self.startup.users.push(values.to_vec());
            return Ok(());
        }
        if let Some(skipped) = SKIPPED.iter().find(|skipped| skipped.eq_ignore_ascii_case(name)) {
            self.ignored.insert(skipped);
            return Ok(());
        }
        let Some((spec, own)) = find(name) else {
            return fail(Problem::Unknown { name: name.clone(), nearest: nearest(name) });
        };
        let values: Vec<&str> = values.iter().map(String::as_str).collect();
        self.assign(spec, &values, &directive.origin).or_else(|why| fail(Problem::Value { name: own.to_owned(), why }))
    }

    fn assign(&mut self, spec: &'static Spec, values: &[&str], origin: &Origin) -> Result<(), Invalid> {
        if spec.change == Change::Launch && matches!(origin, Origin::File { .. }) {
            return Err(Invalid::NotInFile);
        }
        let so_far = self.repeated_save(spec, origin);
        let mut words: Vec<&str> = so_far.split_ascii_whitespace().collect();
        if words.is_empty() || values == [""] {
            words.clear();
            words.extend(values);
        } else {
            words.extend(values.iter().flat_map(|value| value.split(' ')));
        }
        spec.assign(&mut self.startup.config, &words)?;
        self.password(spec)?;
        self.note_inert(spec);
        self.startup.origins.insert(spec.name, origin.clone());
        Ok(())
    }

    /// Lines of `save` add up within one source, and the first line of a source begins anew.
    fn repeated_save(&self, spec: &Spec, origin: &Origin) -> String {
        let before = self.startup.origins.get(spec.name).map(discriminant);
        if spec.name == "save" && before == Some(discriminant(origin)) {
            spec.value(&self.startup.config)
        } else {
            String::new()
        }
    }

    /// The later of `requirepass` and `requirepass-file` counts.
    fn password(&mut self, spec: &Spec) -> Result<(), Invalid> {
        let config = &mut self.startup.config;
        match spec.name {
            "requirepass" => config.requirepass_file.clear(),
            "requirepass-file" if !config.requirepass_file.as_os_str().is_empty() => {
                let file = config.requirepass_file.clone();
                let text = std::fs::read_to_string(&file).map_err(|e| Invalid::Unreadable(e.to_string()))?;
                if let Some((password, _)) = find("requirepass") {
                    password.assign(config, &[text.lines().next().unwrap_or_default()])?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn note_inert(&mut self, spec: &'static Spec) {
        if spec.is_inert() && spec.value(&self.startup.config) != spec.default_value() {
            self.ignored.insert(spec.name);
        } else {
            self.ignored.remove(spec.name);
        }
    }

    /// Applies the variables of the environment that begin with `BROOKLET_`. Empty ones count as unset.
    pub(super) fn environment(
        &mut self,
        variables: impl IntoIterator<Item = (String, String)>,
    ) -> Result<(), StartError> {
        let ours = variables.into_iter().filter_map(|(name, value)| {
            let option = name.strip_prefix("BROOKLET_")?.to_ascii_lowercase().replace('_', "-");
            (!value.is_empty()).then_some((option, name, value))
        });
        // Sorted, so that the outcome does not depend on the order in which the system lists them.
        for (option, name, value) in ours.collect::<BTreeSet<_>>() {
            match find(&option) {
                Some((spec, _)) if !from_kubernetes(spec.name, &value) => {
                    let origin = Origin::Environment(name);
                    self.assign(spec, &[&value], &origin)
                        .map_err(|why| StartError { origin, problem: Problem::Value { name: option, why } })?;
                }
                None if !option.starts_with("port-") && !option.starts_with("service-") => {
                    let hint = nearest(&option).map_or_else(String::new, |near| format!(" (did you mean '{near}'?)"));
                    self.startup.warnings.push(format!("environment {name} names no option{hint}"));
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Remembers the file that CONFIG REWRITE will write.
    pub(super) fn file(&mut self, path: &Path) {
        self.startup.file = Some(std::path::absolute(path).unwrap_or_else(|_| path.to_owned()));
    }

    /// Gives what nobody has set the default of the profile.
    fn profile(&mut self) {
        let profile = self.startup.config.profile;
        for (name, value) in profile.defaults() {
            if let Some((spec, _)) = find(name).filter(|(spec, _)| !self.startup.origins.contains_key(spec.name)) {
                // A test assigns each of them.
                let _ = spec.assign(&mut self.startup.config, &[value]);
                self.startup.origins.insert(spec.name, Origin::Profile(profile));
            }
        }
    }

    pub(super) fn finish(mut self) -> Startup {
        self.profile();
        settle(&mut self.startup.config);
        if self.startup.config.is_volatile() && !self.startup.config.memory {
            let warning =
                "appendonly no and an empty save: nothing is kept on disk (--memory says so without this line)";
            self.startup.warnings.push(warning.to_owned());
        }
        if !self.ignored.is_empty() {
            let names: Vec<&str> = self.ignored.into_iter().collect();
            self.startup.warnings.push(format!("without effect here: {}", names.join(", ")));
        }
        self.startup
    }
}

/// Makes the data folder independent of the working directory, as tools expect of `CONFIG GET dir`.
fn settle(config: &mut Config) {
    if let Ok(absolute) = std::path::absolute(&config.dir) {
        config.dir = absolute;
    }
}

/// Kubernetes tells every container about a service called `brooklet` in variables that look like ours.
fn from_kubernetes(option: &str, value: &str) -> bool {
    option == "port" && words::split(value).is_ok_and(|words| words.iter().any(|word| word.contains("://")))
}

#[cfg(test)]
mod tests {
    use super::super::setting::Profile;
    use super::*;

    fn load(file: &str, environment: &[(&str, &str)], flags: &str) -> Result<Startup, String> {
        let mut loader = Loader::default();
        let path = Path::new("b.conf");
        let lines = |text: &str| super::super::file::parse(text, path).map_err(|e| e.to_string());
        loader.directives(&lines(file)?).map_err(|e| e.to_string())?;
        loader
            .environment(environment.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())))
            .map_err(|e| e.to_string())?;
        let mut flags = lines(flags)?;
        flags.iter_mut().for_each(|f| f.origin = Origin::Flag(format!("--{}", f.words[0])));
        loader.directives(&flags).map_err(|e| e.to_string())?;
        Ok(loader.finish())
    }

    #[test]
    fn later_sources_win_and_are_remembered() {
        let startup = load(
            "port 1\nhz 20\ntimeout 5",
            &[("BROOKLET_HZ", "30"), ("BROOKLET_TIMEOUT", "6"), ("HOME", "/"), ("BROOKLET_MAXMEMORY", "")],
            "timeout 7",
        )
        .unwrap();
        let config = &startup.config;
        assert_eq!((config.port, config.hz, config.timeout_s), (1, 30, 7));
        assert_eq!(startup.origin("port").to_string(), "b.conf:1");
        assert_eq!(startup.origin("hz").to_string(), "environment BROOKLET_HZ");
        assert_eq!(startup.origin("timeout").to_string(), "command line --timeout");
        assert_eq!(startup.origin("maxmemory").to_string(), "default");
        assert!(config.dir.is_absolute());
        assert!(startup.warnings.is_empty());
    }

    #[test]
    fn a_profile_is_weaker_than_whatever_is_set() {
        let edge = load("maxclients 7", &[("BROOKLET_PROFILE", "edge")], "script-memory-limit 5mb").unwrap();
        let config = &edge.config;
        assert_eq!((config.maxclients, config.script_memory_limit, config.maxmemory), (7, 5 << 20, 16 << 20));
        assert_eq!(edge.origin("maxclients").to_string(), "b.conf:1");
        assert_eq!(edge.origin("maxmemory").to_string(), "profile edge");
        assert_eq!(load("", &[], "").unwrap().config.maxmemory, 256 << 20);
    }

    #[test]
    fn every_default_of_a_profile_is_an_accepted_value() {
        for (name, value) in Profile::Edge.defaults() {
            let (spec, own) = find(name).unwrap();
            assert_eq!(own, *name);
            assert_eq!(spec.assign(&mut Config::default(), &[value]), Ok(true), "{name} {value}");
        }
    }

    #[test]
    fn directives_without_effect_get_one_line() {
        let file =
            "daemonize yes\nrdbcompression yes\nslave-priority 5\nrename-command FLUSHALL \"\"\nuser bob on nopass";
        let startup = load(file, &[], "").unwrap();
        assert_eq!(startup.warnings, ["without effect here: daemonize, rename-command, replica-priority"]);
        assert_eq!(startup.users, [["bob", "on", "nopass"]]);
        assert_eq!(startup.config.get([&b"slave-priority"[..]]), [("slave-priority".to_owned(), "5".to_owned())]);
    }

    #[test]
    fn mistakes_say_where_and_what_was_meant() {
        let error = |file: &str| load(file, &[], "").unwrap_err();
        assert_eq!(error("hz 1\nprot 1"), "b.conf:2: unknown option 'prot' (did you mean 'port'?)");
        assert_eq!(error("zzzzzzzz 1"), "b.conf:1: unknown option 'zzzzzzzz'");
        assert_eq!(error("PORT 99999"), "b.conf:1: port: argument must be between 0 and 65535 inclusive");
        assert_eq!(error("port 1 2"), "b.conf:1: port: wrong number of arguments");
        assert_eq!(error("port"), "b.conf:1: port: wrong number of arguments");
        assert_eq!(error("user"), "b.conf:1: user: wrong number of arguments");
        assert_eq!(
            error("accept-data-loss yes"),
            "b.conf:1: accept-data-loss: only the command line and the environment may set this"
        );
        assert_eq!(
            load("", &[("BROOKLET_HZ", "x")], "").unwrap_err(),
            "environment BROOKLET_HZ: hz: argument couldn't be parsed into an integer"
        );
    }

    #[test]
    fn saves_add_up_within_a_source() {
        let save = |file: &str, flags: &str| {
            let config = load(file, &[], flags).unwrap().config;
            config.get([&b"save"[..]]).remove(0).1
        };
        assert_eq!(save("", ""), "3600 1 300 100 60 10000");
        assert_eq!(save("save 1 2\nsave \"3 4\"", ""), "1 2 3 4");
        assert_eq!(save("save 1 2\nsave \"\"", ""), "");
        assert_eq!(save("save 1 2", "save 5 6\nsave 7 8"), "5 6 7 8");
    }

    #[test]
    fn buffer_limits_change_class_by_class() {
        let file = "client-output-buffer-limit normal 0 0 0\nclient-output-buffer-limit pubsub 1mb 2mb 3";
        let limits = load(file, &[], "").unwrap().config.client_output_buffer_limit;
        assert_eq!((limits.normal.hard, limits.pubsub.hard, limits.replica.hard), (0, 1 << 20, 256 << 20));
    }

    #[test]
    fn a_password_may_come_from_a_file() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("secret");
        std::fs::write(&path, "s3cret\n").unwrap();
        let line = format!("requirepass-file {}", path.display());
        let startup = load(&format!("requirepass old\n{line}"), &[], "").unwrap();
        assert_eq!(startup.config.requirepass.expose(), "s3cret");
        let startup = load(&line, &[], "requirepass new").unwrap();
        assert_eq!(startup.config.requirepass.expose(), "new");
        assert!(startup.config.requirepass_file.as_os_str().is_empty());
        assert!(!format!("{:?}", startup.config).contains("new\""), "a secret in Debug");
        assert!(load("requirepass-file /nonexistent/x", &[], "").unwrap_err().contains("cannot be read"));
    }

    #[test]
    fn a_kubernetes_service_of_our_name_is_no_option() {
        let variables = [
            ("BROOKLET_PORT", "tcp://10.0.0.1:6379"),
            ("BROOKLET_PORT_6379_TCP_ADDR", "10.0.0.1"),
            ("BROOKLET_SERVICE_HOST", "10.0.0.1"),
            ("BROOKLET_PRT", "1"),
        ];
        let startup = load("", &variables, "").unwrap();
        assert_eq!(startup.config.port, 6379);
        assert_eq!(startup.warnings, ["environment BROOKLET_PRT names no option (did you mean 'port'?)"]);
    }
}
