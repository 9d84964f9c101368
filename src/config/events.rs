//! The letters of `notify-keyspace-events`: which are known, and the one order in which they are shown.
//!
//! What the letters switch on belongs to whoever publishes notifications. Read next: `kind.rs`.

use super::error::Invalid;

/// Classes that `A` stands for, in the order of the reference's answer.
const ALL: &str = "g$lshzxetd";
/// Classes outside `A`. The reference hides `n` behind `A` in its answer and so forgets it in CONFIG REWRITE; here it
/// is shown.
const OTHERS: &str = "nKEm";

/// The letters in their one order, `A` in place of all it stands for.
pub(super) fn canonical(letters: &str) -> Result<String, Invalid> {
    let known = |c: char| c == 'A' || ALL.contains(c) || OTHERS.contains(c);
    if !letters.chars().all(known) {
        return Err(Invalid::Events);
    }
    let has = |c: &char| letters.contains(*c);
    let mut shown = String::new();
    if letters.contains('A') || ALL.chars().all(|c| has(&c)) {
        shown.push('A');
    } else {
        shown.extend(ALL.chars().filter(has));
    }
    shown.extend(OTHERS.chars().filter(has));
    Ok(shown)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Recorded from the reference server, 8.0.6 but for the last.
    #[test]
    fn letters_in_the_order_of_the_reference() {
        for (typed, shown) in [
            ("", ""),
            ("KEA", "AKE"),
            ("Kx", "xK"),
            ("g$lshztdxe", "A"),
            ("Eg$lshzxetd", "AE"),
            ("KEnm", "nKEm"),
            ("eEK", "eKE"),
            ("nn", "n"),
            ("$lshzxetdnKEm", "$lshzxetdnKEm"),
            ("nmdtezxhsl$", "$lshzxetdnm"),
            ("AKEmn", "AnKEm"),
        ] {
            assert_eq!(canonical(typed), Ok(shown.to_owned()), "{typed}");
        }
        for bad in [" ", "oc", "S", "AKEy"] {
            assert_eq!(canonical(bad), Err(Invalid::Events));
        }
    }
}
