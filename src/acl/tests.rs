//! Rules read back as they are written, whatever they say; nothing that anybody writes makes a panic.

use super::{Denial, User, Users, join, parse, text};
use crate::command::args::OwnedArgs;
use crate::command::table;
use proptest::prelude::*;

fn user(rules: &str) -> User {
    let mut user = User::new(b"u", false);
    for rule in join(rules.split(' ').map(str::as_bytes)).unwrap() {
        user.apply(&rule).unwrap();
    }
    user
}

fn may(user: &User, call: &str) -> Result<(), Denial> {
    let call = OwnedArgs::collect(call.split(' '));
    user.check(table::mentioned(call.as_args()).unwrap(), call.as_args())
}

#[test]
fn passwords_are_needed() {
    let user = user("on >secret >other");
    assert!(user.accepts(b"secret") && user.accepts(b"other"));
    for given in [&b""[..], b"s", b"secrets", b"Secret"] {
        assert!(!user.accepts(given));
    }
    assert!(!self::user("off nopass").accepts(b""));
}

#[test]
fn a_group_called_streams_hides_no_key() {
    let user = user("+@all ~c ~STREAMS ~k");
    assert_eq!(may(&user, "XREADGROUP GROUP STREAMS c STREAMS x >"), Err(Denial::Key(b"x".to_vec())));
    assert_eq!(may(&user, "XREADGROUP GROUP STREAMS c STREAMS k >"), Ok(()));
}

#[test]
fn who_differs_has_to_come_again() {
    let mut users = Users::default();
    users.replace(parse(b"user a on\nuser b on\n", false).unwrap());
    let (a, b) = (users.id(b"a").unwrap(), users.id(b"b").unwrap());
    assert_eq!(users.replace(parse(b"user a on\nuser c on", false).unwrap()), [b]);
    assert_eq!(users.id(b"a"), Some(a));
    assert_eq!(users.replace(parse(b"user a off", false).unwrap()).len(), 2);
}

fn rule() -> impl Strategy<Value = Vec<u8>> {
    let known = prop::sample::select(vec![
        "on",
        "off",
        "nopass",
        "resetpass",
        ">p",
        ">q",
        "<p",
        "~a",
        "~*",
        "%R~a",
        "%W~b",
        "%RW~c",
        "resetkeys",
        "&x",
        "&*",
        "resetchannels",
        "+get",
        "-get",
        "+get|a",
        "+config",
        "-config|get",
        "+@read",
        "-@read",
        "+@all",
        "-@all",
        "reset",
        "(+get ~x)",
        "(%R~y &z +@all -@write)",
        "clearselectors",
        "skip-sanitize-payload",
        "()",
        "allkeys",
        "nocommands",
    ]);
    let known = known.prop_map(|rule| rule.as_bytes().to_vec());
    let odd = prop::collection::vec(prop::sample::select(b"+-@~&%()|<>#! RWagetconfig*\0\n".to_vec()), 0..12);
    prop_oneof![4 => known, 1 => odd, 1 => prop::collection::vec(any::<u8>(), 0..8)]
}

proptest! {
    #[test]
    fn a_line_makes_the_user_again(rules in prop::collection::vec(rule(), 0..20)) {
        let mut user = User::new(b"u", false);
        for rule in &rules {
            let before = user.clone();
            if user.apply(rule).is_err() {
                user = before;
            }
        }
        let again = parse(&text([&user]), false);
        prop_assert_eq!(again.map(|users| users[0].line()), Ok(user.line()));
        let _ = join(rules.iter().map(Vec::as_slice));
    }

    #[test]
    fn no_file_panics(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = parse(&bytes, false);
        let _ = parse(&[b"user a ", &bytes[..]].concat(), true);
    }
}
