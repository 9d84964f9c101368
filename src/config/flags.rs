//! The command line, in redis-server's style: `[file|-] --option value ...`, and what else can be asked of the program.
//!
//! Must never know: what an option means, but for the switches of one launch, which need no value. Read next:
//! `startup.rs`.

use super::error::{Problem, StartError};
use super::file::{self, Directive};
use super::origin::Origin;
use super::spec::{Change, find};
use super::startup::{Loader, Startup};
use std::ffi::OsString;
use std::io::Read;
use std::path::PathBuf;

/// What was asked of the program.
#[derive(Debug)]
pub enum Invocation {
    /// Serve with this configuration.
    Serve(Box<Startup>),
    /// Say whether the configuration is valid; it is, and this is it.
    CheckConfig(Box<Startup>),
    /// Print the version.
    Version,
    /// Print how to call the program.
    Help,
    /// Run the load generator with these arguments.
    Bench(Vec<String>),
    /// Check a data folder, with these arguments.
    Check(Vec<String>),
    /// Look at the machine and the data folder with this configuration.
    Doctor(Box<Startup>),
    /// Make, list, check or restore backups, as these arguments say.
    Backup(Vec<String>),
}

/// Reads arguments (without the program's name), environment and, if the arguments say `-`, a configuration from `stdin`.
pub fn invocation(
    arguments: impl IntoIterator<Item = OsString>,
    environment: impl IntoIterator<Item = (OsString, OsString)>,
    stdin: &mut dyn Read,
) -> Result<Invocation, StartError> {
    let arguments = texts(arguments)?;
    let rest = || arguments.iter().skip(1).cloned().collect();
    match arguments.first().map(String::as_str) {
        Some("bench") => return Ok(Invocation::Bench(rest())),
        Some("check") => return Ok(Invocation::Check(rest())),
        Some("backup") => return Ok(Invocation::Backup(rest())),
        Some("doctor") => {
            let line = CommandLine::parse(&arguments[1..])?;
            return Ok(Invocation::Doctor(Box::new(load(line, environment, stdin)?)));
        }
        Some("-v") => return Ok(Invocation::Version),
        Some("-h") => return Ok(Invocation::Help),
        _ => {}
    }
    let line = CommandLine::parse(&arguments)?;
    match line.ask {
        Ask::Version => Ok(Invocation::Version),
        Ask::Help => Ok(Invocation::Help),
        Ask::Check => Ok(Invocation::CheckConfig(Box::new(load(line, environment, stdin)?))),
        Ask::Serve => Ok(Invocation::Serve(Box::new(load(line, environment, stdin)?))),
    }
}

fn load(
    line: CommandLine,
    environment: impl IntoIterator<Item = (OsString, OsString)>,
    stdin: &mut dyn Read,
) -> Result<Startup, StartError> {
    let mut loader = Loader::default();
    if let Some(path) = &line.file {
        loader.directives(&file::read(path)?)?;
        loader.file(path);
    }
    if line.stdin {
        loader.directives(&file::read_from(stdin)?)?;
    }
    // A variable that is not text cannot be one of ours.
    loader.environment(
        environment.into_iter().filter_map(|(n, v)| Some((n.into_string().ok()?, v.into_string().ok()?))),
    )?;
    loader.directives(&line.directives)?;
    Ok(loader.finish())
}

fn texts(arguments: impl IntoIterator<Item = OsString>) -> Result<Vec<String>, StartError> {
    let text = |argument: OsString| {
        argument.into_string().map_err(|raw| StartError {
            origin: Origin::Flag(raw.to_string_lossy().into_owned()),
            problem: Problem::NotText,
        })
    };
    arguments.into_iter().map(text).collect()
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Ask {
    #[default]
    Serve,
    Check,
    Version,
    Help,
}

/// The arguments, sorted by what they are.
#[derive(Debug, Default)]
struct CommandLine {
    ask: Ask,
    file: Option<PathBuf>,
    stdin: bool,
    directives: Vec<Directive>,
}

impl CommandLine {
    fn parse(arguments: &[String]) -> Result<CommandLine, StartError> {
        let mut line = CommandLine::default();
        let mut rest = arguments;
        if let [check, after @ ..] = rest
            && check == "--check-config"
        {
            line.ask = Ask::Check;
            rest = after;
        }
        if let [path, after @ ..] = rest
            && !path.starts_with('-')
        {
            line.file = Some(PathBuf::from(path));
            rest = after;
        }
        while let [word, after @ ..] = rest {
            rest = after;
            match (word.as_str(), word.strip_prefix("--")) {
                ("-", _) => line.stdin = true,
                ("--version", _) => line.ask = Ask::Version,
                ("--help", _) => line.ask = Ask::Help,
                ("--check-config", _) => line.ask = Ask::Check,
                (_, Some(flag)) if !flag.is_empty() => {
                    let (directive, unused) = take(flag, rest);
                    line.directives.push(directive);
                    rest = unused;
                }
                _ => {
                    let origin = Origin::Flag(word.clone());
                    return Err(StartError { origin, problem: Problem::Stray(word.clone()) });
                }
            }
        }
        Ok(line)
    }
}

/// One flag with its values, and the arguments behind them. Values reach up to the next `--`; a `-` at the very end of
/// the command line stands for standard input, as in Redis.
fn take<'a>(flag: &str, rest: &'a [String]) -> (Directive, &'a [String]) {
    let (name, given) = flag.split_once('=').map_or((flag, None), |(name, value)| (name, Some(value)));
    let mut words = vec![name.to_owned()];
    words.extend(given.map(str::to_owned));
    let last = rest.len().saturating_sub(1);
    let value = |i: usize, word: &String| !(word.starts_with("--") || i == last && word == "-");
    let taken = match (given, is_switch(name)) {
        (Some(_), _) => 0,
        (None, false) => rest.iter().enumerate().take_while(|(i, word)| value(*i, word)).count(),
        (None, true) => rest.iter().take(1).filter(|word| is_yes_or_no(word)).count(),
    };
    let (values, unused) = rest.split_at_checked(taken).unwrap_or((rest, &[]));
    words.extend_from_slice(values);
    if words.len() == 1 && is_switch(name) {
        words.push("yes".to_owned());
    }
    (Directive { origin: Origin::Flag(format!("--{name}")), words }, unused)
}

/// A flag that says yes by standing there.
fn is_switch(name: &str) -> bool {
    find(name).is_some_and(|(spec, _)| spec.change == Change::Launch && spec.kind == super::Kind::YesNo)
}

fn is_yes_or_no(word: &str) -> bool {
    word.eq_ignore_ascii_case("yes") || word.eq_ignore_ascii_case("no")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(arguments: &[&str], stdin: &str) -> Result<Invocation, String> {
        let arguments = arguments.iter().map(OsString::from);
        invocation(arguments, [], &mut stdin.as_bytes()).map_err(|e| e.to_string())
    }

    fn serve(arguments: &[&str]) -> Startup {
        match call(arguments, "port 5\nhz 50\n") {
            Ok(Invocation::Serve(startup)) => *startup,
            other => panic!("{arguments:?}: {other:?}"),
        }
    }

    #[test]
    fn flags_as_redis_server_takes_them() {
        let startup = serve(&["--port", "7000", "--appendonly", "no", "--dir=/x", "--slowlog-log-slower-than", "-1"]);
        assert_eq!((startup.config.port, startup.config.slowlog_log_slower_than_us), (7000, -1));
        assert!(!startup.config.appendonly);
        assert_eq!(startup.config.dir, PathBuf::from("/x"));
        assert_eq!(startup.file, None);
        let startup =
            serve(&["--bind", "127.0.0.1", "::1", "--save", "", "--requirepass", "a b", "--appendonly", "no"]);
        assert!(startup.config.is_volatile() && startup.warnings.iter().any(|line| line.contains("nothing is kept")));
        assert_eq!(startup.config.bind, ["127.0.0.1", "::1"]);
        assert_eq!(startup.config.requirepass.expose(), "a b");
    }

    #[test]
    fn switches_need_no_value() {
        let startup =
            serve(&["--memory", "--ready-file", "/r", "--accept-data-loss", "--quiet", "no", "--insecure=yes"]);
        let config = &startup.config;
        assert!(
            config.memory && config.accept_data_loss && !config.quiet && config.insecure && !config.exit_with_parent
        );
        assert_eq!(config.ready_file, PathBuf::from("/r"));
        assert_eq!(startup.origin("memory"), &Origin::Flag("--memory".into()));
    }

    #[test]
    fn a_file_or_standard_input_and_flags_above_them() {
        for arguments in [&["-", "--hz", "60"][..], &["--hz", "60", "-"]] {
            let config = serve(arguments).config;
            assert_eq!((config.port, config.hz), (5, 60), "{arguments:?}");
        }
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("b.conf");
        std::fs::write(&path, "port 6\nhz 20").unwrap();
        let startup = serve(&[path.to_str().unwrap(), "--hz", "30"]);
        assert_eq!((startup.config.port, startup.config.hz), (6, 30));
        assert_eq!(startup.file, Some(path));
    }

    #[test]
    fn what_else_can_be_asked() {
        for arguments in [&["-v"][..], &["--version"], &["--port", "1", "--version"]] {
            assert!(matches!(call(arguments, ""), Ok(Invocation::Version)), "{arguments:?}");
        }
        for arguments in [&["-h"][..], &["--help"]] {
            assert!(matches!(call(arguments, ""), Ok(Invocation::Help)));
        }
        assert!(matches!(call(&["--check-config", "--port", "1"], ""), Ok(Invocation::CheckConfig(_))));
        match call(&["bench", "--clients", "5"], "") {
            Ok(Invocation::Bench(rest)) => assert_eq!(rest, ["--clients", "5"]),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn mistakes_name_the_flag() {
        let error = |arguments: &[&str]| call(arguments, "").unwrap_err();
        assert_eq!(error(&["--prot", "1"]), "command line --prot: unknown option 'prot' (did you mean 'port'?)");
        assert_eq!(error(&["--port"]), "command line --port: port: wrong number of arguments");
        assert_eq!(error(&["--port", "1", "2"]), "command line --port: port: wrong number of arguments");
        assert!(error(&["--memory", "x"]).contains("'x' is not a flag"));
        assert!(error(&["-p", "1"]).contains("'-p' is not a flag"));
        assert!(error(&["/nonexistent/b.conf"]).contains("cannot read /nonexistent/b.conf"));
    }
}
