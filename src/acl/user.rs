//! A user: whether it may log in, with which passwords, and what it may do then.

use super::password::Hash;
use super::rule::RuleError;
use super::selector::Selector;

/// A user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    name: Vec<u8>,
    /// It may log in.
    pub on: bool,
    /// Any password will do.
    pub nopass: bool,
    skips_sanitizing: bool,
    passwords: Vec<Hash>,
    /// What its own rules allow.
    root: Selector,
    /// What is allowed besides.
    selectors: Vec<Selector>,
    /// Whether new ones begin with all channels (acl-pubsub-default).
    open_channels: bool,
}

impl User {
    /// One that may nothing; `open_channels`: nothing but use all channels.
    pub fn new(name: &[u8], open_channels: bool) -> User {
        User {
            name: name.to_vec(),
            on: false,
            nopass: false,
            skips_sanitizing: false,
            passwords: Vec::new(),
            root: Selector::new(open_channels),
            selectors: Vec::new(),
            open_channels,
        }
    }

    /// One that may everything, without a password.
    pub fn almighty(name: &[u8]) -> User {
        let mut user = User::new(name, true);
        for rule in ["on", "nopass", "allkeys", "allchannels", "allcommands"] {
            // These are rules.
            let _ = user.apply(rule.as_bytes());
        }
        user.open_channels = false;
        user
    }

    /// Its name.
    pub fn name(&self) -> &[u8] {
        &self.name
    }

    /// Follows acl-pubsub-default from here on.
    pub fn open_channels(&mut self, open: bool) {
        self.open_channels = open;
    }

    /// Applies a rule.
    pub fn apply(&mut self, rule: &[u8]) -> Result<(), RuleError> {
        match rule.to_ascii_lowercase().as_slice() {
            b"" => {}
            b"on" => self.on = true,
            b"off" => self.on = false,
            b"sanitize-payload" => self.skips_sanitizing = false,
            b"skip-sanitize-payload" => self.skips_sanitizing = true,
            b"nopass" => (self.nopass, self.passwords) = (true, Vec::new()),
            b"resetpass" => (self.nopass, self.passwords) = (false, Vec::new()),
            b"clearselectors" => self.selectors.clear(),
            b"reset" => *self = User::new(&self.name, self.open_channels),
            _ => return self.apply_other(rule),
        }
        Ok(())
    }

    fn apply_other(&mut self, rule: &[u8]) -> Result<(), RuleError> {
        match rule {
            [b'>', password @ ..] => self.add(Hash::of(password)),
            [b'#', hex @ ..] => self.add(Hash::parse(hex).ok_or(RuleError::BadHash)?),
            [b'<', password @ ..] => return self.remove(&Hash::of(password)),
            [b'!', hex @ ..] => return self.remove(&Hash::parse(hex).ok_or(RuleError::BadHash)?),
            [b'(', rules @ .., b')'] => {
                let mut selector = Selector::new(self.open_channels);
                let mut words = rules.split(|b| *b == b' ').filter(|word| !word.is_empty());
                words.try_for_each(|word| match word.last() {
                    // Written down, it would end the selector.
                    Some(b')') => Err(RuleError::Syntax),
                    _ => selector.apply(word),
                })?;
                self.selectors.push(selector);
            }
            _ => return self.root.apply(rule),
        }
        Ok(())
    }

    fn add(&mut self, hash: Hash) {
        self.nopass = false;
        if !self.passwords.contains(&hash) {
            self.passwords.push(hash);
        }
    }

    fn remove(&mut self, hash: &Hash) -> Result<(), RuleError> {
        let before = self.passwords.len();
        self.passwords.retain(|known| known != hash);
        if self.passwords.len() == before { Err(RuleError::NoSuchPassword) } else { Ok(()) }
    }

    /// Whether it may log in with a password.
    pub fn accepts(&self, password: &[u8]) -> bool {
        let given = Hash::of(password);
        // All are looked at: how long it takes must not tell which one it was.
        let known = self.passwords.iter().fold(false, |found, hash| found | hash.is(&given));
        self.on && (self.nopass || known)
    }

    /// Whether it may do everything.
    pub fn is_unrestricted(&self) -> bool {
        self.root.is_unrestricted()
    }

    /// Its own rules, then what is allowed besides.
    pub fn selectors(&self) -> impl Iterator<Item = &Selector> {
        std::iter::once(&self.root).chain(&self.selectors)
    }

    /// Its flags.
    pub fn flags(&self) -> Vec<&'static str> {
        let mut flags = vec![if self.on { "on" } else { "off" }];
        flags.extend(self.nopass.then_some("nopass"));
        flags.push(if self.skips_sanitizing { "skip-sanitize-payload" } else { "sanitize-payload" });
        flags
    }

    /// The hashes of its passwords.
    pub fn hashes(&self) -> impl Iterator<Item = &str> {
        self.passwords.iter().map(Hash::hex)
    }

    /// The line that makes it again, as files hold it.
    pub fn line(&self) -> Vec<u8> {
        let mut line = [b"user ".as_slice(), &self.name].concat();
        let flags = self.flags().into_iter().map(str::to_owned);
        for word in flags.chain(self.hashes().map(|hex| format!("#{hex}"))) {
            line.push(b' ');
            line.extend_from_slice(word.as_bytes());
        }
        line.push(b' ');
        line.extend(self.root.text());
        for selector in &self.selectors {
            line.extend([b" (".as_slice(), &selector.text(), b")"].concat());
        }
        line
    }
}
