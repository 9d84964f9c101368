//! Every text with which configuration refuses something: the answers to CONFIG on the wire, and the lines a user reads
//! when the server does not start.
//!
//! The texts on the wire are those of the reference server, because clients and test suites compare them. Must never
//! know: how values are parsed. Read next: `spec.rs`.

use std::fmt;
use std::path::PathBuf;

/// Why one value was refused. `Display` is the reference's text where it has one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Invalid {
    /// Not a whole number.
    NotInteger,
    /// A number outside its range.
    OutOfRange {
        /// Smallest value.
        min: i64,
        /// Largest value.
        max: i64,
    },
    /// Not a memory size such as `64mb`.
    NotMemory,
    /// Neither a memory size nor a percentage.
    NotMemoryOrPercent,
    /// Not a file mode.
    NotOctal,
    /// Neither `yes` nor `no`.
    NotYesNo,
    /// None of the names the option knows.
    NotOneOf(&'static [&'static str]),
    /// Too many or too few words.
    WrongNumber,
    /// `save` wants pairs of seconds and changes.
    Save,
    /// An unknown letter in `notify-keyspace-events`.
    Events,
    /// `client-output-buffer-limit` wants groups of four.
    LimitArity,
    /// A class that `client-output-buffer-limit` does not know.
    LimitClass,
    /// A size or a time in `client-output-buffer-limit` that is none.
    LimitValue,
    /// A host name with other characters than it may have.
    Hostname,
    /// A host name that is too long.
    HostnameLength,
    /// Fixed when the server starts.
    Immutable,
    /// Changing it at runtime would let a client write files elsewhere.
    Protected,
    /// Named twice in one CONFIG SET.
    Duplicate,
    /// Not UTF-8 (the reference takes any bytes; here every value is text).
    NotText,
    /// The file that holds the value could not be read.
    Unreadable(String),
    /// TLS cannot be spoken like this.
    Tls(String),
    /// Only the command line and the environment may say this.
    NotInFile,
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Invalid::OutOfRange { min, max } => write!(f, "argument must be between {min} and {max} inclusive"),
            Invalid::NotOneOf(names) => {
                write!(f, "argument(s) must be one of the following: {}", names.join(", "))
            }
            Invalid::Tls(why) => write!(f, "Unable to update TLS configuration: {why}"),
            Invalid::Unreadable(why) => write!(f, "cannot be read: {why}"),
            fixed => f.write_str(fixed.text()),
        }
    }
}

impl Invalid {
    fn text(&self) -> &'static str {
        match self {
            Invalid::NotInteger => "argument couldn't be parsed into an integer",
            Invalid::NotMemory => "argument must be a memory value",
            Invalid::NotMemoryOrPercent => "argument must be a memory or percent value",
            Invalid::NotOctal => "argument couldn't be parsed as an octal number",
            Invalid::NotYesNo => "argument must be 'yes' or 'no'",
            Invalid::WrongNumber => "wrong number of arguments",
            Invalid::Save => "Invalid save parameters",
            Invalid::Events => "Invalid event class character. Use 'Ag$lshzxeKEtmdn'.",
            Invalid::LimitArity => "Wrong number of arguments in buffer limit configuration.",
            Invalid::LimitClass => "Invalid client class specified in buffer limit configuration.",
            Invalid::LimitValue => "Error in hard, soft or soft_seconds setting in buffer limit configuration.",
            Invalid::Hostname => "Hostnames may only contain alphanumeric characters, hyphens or dots",
            Invalid::HostnameLength => "Hostnames must be less than 256 characters",
            Invalid::Immutable => "can't set immutable config",
            Invalid::Protected => "can't set protected config",
            Invalid::Duplicate => "duplicate parameter",
            Invalid::NotText => "argument must be UTF-8 text",
            Invalid::NotInFile => "only the command line and the environment may set this",
            Invalid::OutOfRange { .. } | Invalid::NotOneOf(_) | Invalid::Unreadable(_) | Invalid::Tls(_) => "",
        }
    }
}

/// Why CONFIG answered with an error. `Display` is the whole error line, code included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConfigError {
    /// CONFIG SET with a name that no option has (as typed).
    Unknown(String),
    /// CONFIG SET with a name but no value.
    Syntax,
    /// One pair was refused, and with it all of them.
    Refused {
        /// The option's name.
        name: String,
        /// The reason.
        why: Invalid,
    },
    /// CONFIG REWRITE without a file.
    NoFile,
    /// CONFIG REWRITE could not read or write the file.
    Rewrite(String),
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ConfigError::Unknown(name) => {
                write!(f, "ERR Unknown option or number of arguments for CONFIG SET - '{name}'")
            }
            ConfigError::Syntax => f.write_str("ERR syntax error"),
            ConfigError::Refused { name, why } => {
                write!(f, "ERR CONFIG SET failed (possibly related to argument '{name}') - {why}")
            }
            ConfigError::NoFile => f.write_str("ERR The server is running without a config file"),
            ConfigError::Rewrite(why) => write!(f, "ERR Rewriting config file: {why}"),
        }
    }
}

impl std::error::Error for ConfigError {}

/// Why the server does not start. `Display` says where, what, and how to mend it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StartError {
    /// The place: a file and line, a flag, an environment variable.
    pub origin: super::Origin,
    /// What is wrong there.
    pub problem: Problem,
}

/// What is wrong with one directive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// No option has this name; perhaps another was meant.
    Unknown {
        /// As it was written.
        name: String,
        /// The nearest name that exists.
        nearest: Option<&'static str>,
    },
    /// A value that the option does not take.
    Value {
        /// The option.
        name: String,
        /// The reason.
        why: Invalid,
    },
    /// A quote without its partner.
    Quotes,
    /// A file cannot be read.
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The cause as the operating system names it.
        why: String,
    },
    /// Not UTF-8.
    NotText,
    /// A file, or all its includes together, is larger than the limit.
    TooLarge,
    /// Files that include one another, or far too deep a chain.
    Includes,
    /// A word where a flag was expected.
    Stray(String),
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Problem::Unknown { name, nearest: Some(nearest) } => {
                write!(f, "unknown option '{name}' (did you mean '{nearest}'?)")
            }
            Problem::Unknown { name, nearest: None } => write!(f, "unknown option '{name}'"),
            Problem::Value { name, why } => write!(f, "{name}: {why}"),
            Problem::Quotes => f.write_str("unbalanced quotes"),
            Problem::Unreadable { path, why } => write!(f, "cannot read {}: {why}", path.display()),
            Problem::NotText => f.write_str("not UTF-8 text"),
            Problem::TooLarge => {
                write!(f, "the configuration is larger than {} bytes", super::file::MAX_BYTES)
            }
            Problem::Includes => {
                write!(f, "more than {} files include one another", super::file::MAX_DEPTH)
            }
            Problem::Stray(word) => write!(f, "'{word}' is not a flag; flags begin with --, see --help"),
        }
    }
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.origin, self.problem)
    }
}

impl std::error::Error for StartError {}

#[cfg(test)]
mod tests {
    use super::*;

    /// Recorded from the reference server, 8.0.6.
    #[test]
    fn texts_on_the_wire() {
        let refused = |name: &str, why| ConfigError::Refused { name: name.into(), why }.to_string();
        assert_eq!(
            ConfigError::Unknown("NoPe".into()).to_string(),
            "ERR Unknown option or number of arguments for CONFIG SET - 'NoPe'"
        );
        assert_eq!(
            refused("maxmemory", Invalid::NotMemory),
            "ERR CONFIG SET failed (possibly related to argument 'maxmemory') - argument must be a memory value"
        );
        assert_eq!(
            refused("maxclients", Invalid::OutOfRange { min: 1, max: 4_294_967_295 }),
            "ERR CONFIG SET failed (possibly related to argument 'maxclients') - \
             argument must be between 1 and 4294967295 inclusive"
        );
        assert_eq!(
            refused("appendfsync", Invalid::NotOneOf(&["everysec", "always", "no"])),
            "ERR CONFIG SET failed (possibly related to argument 'appendfsync') - \
             argument(s) must be one of the following: everysec, always, no"
        );
        assert_eq!(ConfigError::NoFile.to_string(), "ERR The server is running without a config file");
    }
}
