//! Rules of access: accepted or refused; what is shown can be set again and means the same.

use super::desk::Desk;
use brooklet::acl::{self, Selector, User};

/// Each line is the words of an ACL SETUSER. All of it is also a file of access lists.
pub fn acl(bytes: &[u8]) {
    for open in [false, true] {
        let lines = bytes.split(|b| *b == b'\n').take(16);
        let mut user = User::new(b"u", open);
        for line in lines {
            set(&mut user, line.split(|b| *b == b' '));
        }
        shown_again(&user, open);
        if let Ok(users) = acl::parse(bytes, open) {
            let text = acl::text(&users);
            assert_eq!(acl::parse(&text, open).as_ref(), Ok(&users), "{}", text.escape_ascii());
            users.iter().for_each(|user| shown_again(user, open));
        }
    }
    let mut desk = Desk::new();
    for line in bytes.split(|b| *b == b'\n').take(4) {
        let words = [b"ACL".as_slice(), b"SETUSER", b"u"].into_iter().chain(line.split(|b| *b == b' '));
        desk.call(&words.collect::<Vec<_>>());
    }
}

/// As ACL SETUSER does: all rules or none.
fn set<'a>(user: &mut User, words: impl IntoIterator<Item = &'a [u8]>) {
    let Ok(rules) = acl::join(words) else { return };
    let mut next = user.clone();
    if rules.iter().all(|rule| next.apply(rule).is_ok()) {
        *user = next;
    }
}

fn shown_again(user: &User, open: bool) {
    let line = user.line();
    let text = acl::text([user]);
    let read = acl::parse(&text, open).unwrap_or_else(|why| panic!("{}: {why:?}", line.escape_ascii()));
    assert!(read.len() == 1 && same(&read[0], user), "ACL LIST: {}", line.escape_ascii());
    // From the parts that ACL GETUSER shows.
    let mut again = User::new(user.name(), open);
    let mut selectors = user.selectors();
    let flags = user.flags().into_iter().map(|flag| flag.as_bytes().to_vec());
    let hashes = user.hashes().map(|hash| [b"#", hash.as_bytes()].concat());
    let root = selectors.next().map(rules).unwrap_or_default();
    let others = selectors.map(|one| [b"(".as_slice(), &rules(one).join(&b' '), b")"].concat());
    for rule in flags.chain(hashes).chain(root).chain(others) {
        again.apply(&rule).unwrap_or_else(|why| panic!("{why:?}: {}", rule.escape_ascii()));
    }
    assert!(same(&again, user), "ACL GETUSER: {} became {}", line.escape_ascii(), again.line().escape_ascii());
}

/// The words of a selector as ACL GETUSER shows it.
fn rules(one: &Selector) -> Vec<Vec<u8>> {
    let texts = [b"resetchannels".to_vec(), one.commands_text(), one.keys_text(), one.channels_text()];
    let words = texts.iter().flat_map(|text| text.split(|b| *b == b' ')).filter(|word| !word.is_empty());
    words.map(<[u8]>::to_vec).collect()
}

fn same(one: &User, other: &User) -> bool {
    one == other
}
