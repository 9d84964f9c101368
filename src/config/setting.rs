//! The types of configuration's fields, and how each is read from and shown as the text of its kind.
//!
//! Must never know: which option has which type. Read next: `table.rs`.

use super::limits::OutputLimits;
use std::fmt;
use std::path::PathBuf;

/// A field's type. `load` gets text its kind has accepted.
pub(super) trait Setting: Sized {
    fn load(text: &str) -> Option<Self>;
    fn show(&self) -> String;
}

macro_rules! numbers {
    ($($number:ty),*) => { $(
        impl Setting for $number {
            fn load(text: &str) -> Option<Self> {
                text.parse().ok()
            }
            fn show(&self) -> String {
                self.to_string()
            }
        }
    )* };
}
numbers!(u16, u32, u64, i64);

impl Setting for bool {
    fn load(text: &str) -> Option<Self> {
        Some(text == "yes")
    }
    fn show(&self) -> String {
        if *self { "yes" } else { "no" }.to_owned()
    }
}

impl Setting for String {
    fn load(text: &str) -> Option<Self> {
        Some(text.to_owned())
    }
    fn show(&self) -> String {
        self.clone()
    }
}

impl Setting for PathBuf {
    fn load(text: &str) -> Option<Self> {
        Some(PathBuf::from(text))
    }
    fn show(&self) -> String {
        self.to_string_lossy().into_owned()
    }
}

/// Permissions of a file, written in octal digits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Mode(pub u32);

impl Setting for Mode {
    fn load(text: &str) -> Option<Self> {
        u32::from_str_radix(text, 8).ok().map(Mode)
    }
    fn show(&self) -> String {
        format!("{:o}", self.0)
    }
}

impl Setting for Vec<String> {
    fn load(text: &str) -> Option<Self> {
        Some(super::kind::split(text).into_iter().map(str::to_owned).collect())
    }
    fn show(&self) -> String {
        self.join(" ")
    }
}

impl Setting for OutputLimits {
    fn load(text: &str) -> Option<Self> {
        OutputLimits::parse(text)
    }
    fn show(&self) -> String {
        self.to_string()
    }
}

/// A text that `Debug` does not print.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// The text itself.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_empty() { "none" } else { "***" })
    }
}

impl Setting for Secret {
    fn load(text: &str) -> Option<Self> {
        Some(Secret(text.to_owned()))
    }
    fn show(&self) -> String {
        self.0.clone()
    }
}

/// Declares an enum whose variants have names in configuration.
macro_rules! named {
    ($(#[$doc:meta])* $name:ident {
        $first:ident = $first_text:literal: $first_doc:literal
        $(, $variant:ident = $text:literal: $variant_doc:literal)*
    }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        pub enum $name {
            #[doc = $first_doc]
            #[default]
            $first,
            $(#[doc = $variant_doc] $variant,)*
        }

        impl $name {
            pub(super) const NAMES: &'static [&'static str] = &[$first_text $(, $text)*];
        }

        impl Setting for $name {
            fn load(text: &str) -> Option<Self> {
                match text {
                    $first_text => Some($name::$first),
                    $($text => Some($name::$variant),)*
                    _ => None,
                }
            }
            fn show(&self) -> String {
                match self {
                    $name::$first => $first_text,
                    $($name::$variant => $text,)*
                }
                .to_owned()
            }
        }
    };
}

named! {
    /// When a commit reaches the disk.
    Fsync {
        EverySecond = "everysec": "Within a second; replies do not wait for it.",
        Always = "always": "Before its reply leaves.",
        No = "no": "When the operating system likes."
    }
}

named! {
    /// Which defaults hold.
    Profile {
        Default = "default": "Those of a server.",
        Edge = "edge": "Those of a small device."
    }
}

named! {
    /// The least serious message that is logged.
    LogLevel {
        Debug = "debug": "Everything.",
        Verbose = "verbose": "Much.",
        Notice = "notice": "What an operator wants to know.",
        Warning = "warning": "What an operator must know.",
        Nothing = "nothing": "Silence."
    }
}

named! {
    /// What is asked of clients that speak TLS.
    ClientCertificates {
        Required = "yes": "A certificate.",
        Ignored = "no": "Nothing.",
        Optional = "optional": "That a certificate, if they have one, is good."
    }
}

named! {
    /// Who may call DEBUG.
    DebugAccess {
        No = "no": "Nobody.",
        Yes = "yes": "Everybody.",
        Local = "local": "Connections from this machine."
    }
}

named! {
    /// What a client of a cluster is told to connect to.
    Endpoint {
        Ip = "ip": "The IP address.",
        Hostname = "hostname": "The host name.",
        Unknown = "unknown-endpoint": "What it is connected to."
    }
}

named! {
    /// What happens when memory is full.
    Eviction {
        Refuse = "noeviction": "Writes that need memory are refused; nothing is ever dropped."
    }
}
