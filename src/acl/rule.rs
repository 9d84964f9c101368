//! What can be wrong with a rule, and how the words of a call become rules.

/// What is wrong with a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RuleError {
    /// Nobody understands it.
    Syntax,
    /// It names no command and no category.
    Unknown,
    /// A pattern of keys behind the one that matches all.
    AfterAllKeys,
    /// The same with channels.
    AfterAllChannels,
    /// No hash.
    BadHash,
    /// A password to remove that is not there.
    NoSuchPassword,
    /// A first argument of a subcommand.
    FirstArgOfSubcommand,
}

/// A selector that does not end; the word with which it begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unmatched(pub Vec<u8>);

/// The rules that words make: those of a selector may come in several, which are joined by spaces.
pub fn join<'a>(words: impl IntoIterator<Item = &'a [u8]>) -> Result<Vec<Vec<u8>>, Unmatched> {
    let mut rules: Vec<Vec<u8>> = Vec::new();
    let mut open: Option<(&[u8], Vec<u8>)> = None;
    for word in words {
        let (first, rule) = match open.take() {
            Some((first, mut rule)) => {
                rule.push(b' ');
                rule.extend_from_slice(word);
                (first, rule)
            }
            None if word.first() == Some(&b'(') => (word, word.to_vec()),
            None => {
                rules.push(word.to_vec());
                continue;
            }
        };
        if word.last() == Some(&b')') {
            rules.push(rule);
        } else {
            open = Some((first, rule));
        }
    }
    match open {
        Some((first, _)) => Err(Unmatched(first.to_vec())),
        None => Ok(rules),
    }
}
