//! What may go wrong between the machine and its host: memory that is used up while an answer is pushed, panics, depth, calls
//! that nobody serves.

use super::stack;
use super::*;
use crate::reply::EntryReply;
use brooklet_storage::{Fields, StreamId};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

const LIMIT: usize = 8 << 20;

/// A host that answers everything with one reply, and panics when it is told to.
struct Parrot {
    reply: Reply,
    calls: usize,
    args: usize,
}

impl Host for Parrot {
    fn call(&mut self, call: Args<'_>) -> Called {
        self.calls += 1;
        self.args = call.len();
        assert_ne!(call.at(0), b"panic", "as it was told to");
        Called::Reply(self.reply.clone())
    }

    fn may_call(&mut self, call: Args<'_>) -> Option<bool> {
        assert_ne!(call.at(0), b"panic", "as it was told to");
        Some(true)
    }

    fn log(&mut self, _: u8, _: &[u8]) {}
}

fn parrot(reply: Reply) -> Parrot {
    Parrot { reply, calls: 0, args: 0 }
}

/// What a script answers, and whether the machine is still good afterwards.
fn run(vm: &mut Vm, host: &mut Parrot, text: &str) -> (Reply, bool) {
    let code = vm.compile(text.as_bytes()).unwrap();
    let mut run = vm.begin(code.clone(), "sha", [&b"k"[..]].into_iter(), [&b"a"[..], b""].into_iter()).unwrap();
    loop {
        match run.step(host, Duration::from_millis(1)) {
            Step::Done(reply) | Step::Stuck(reply) => return (reply, vm.end(run)),
            Step::TimeUp | Step::Missing => {}
        }
    }
}

fn answer(reply: Reply, text: &str) -> Reply {
    run(&mut Vm::new(LIMIT).unwrap(), &mut parrot(reply), text).0
}

#[test]
fn an_answer_that_does_not_fit_into_memory_is_an_error() {
    let large = || Reply::Array((0..50_000).map(|n| Reply::bulk(format!("{n:0>500}"))).collect());
    for reply in [large(), Reply::Map(vec![(Reply::text("k"), large())]), Reply::bulk(vec![b'x'; 20 << 20])] {
        let mut vm = Vm::new(LIMIT).unwrap();
        let mut host = parrot(reply);
        let (Reply::Error(line), good) = run(&mut vm, &mut host, "return redis.call('x')") else { panic!() };
        assert!(line.contains("not enough memory"), "{line:.200}");
        assert!(!good, "the next script gets another machine");
        // Caught, it is a value like any other, and the machine goes on.
        let mut vm = Vm::new(LIMIT).unwrap();
        let caught = "local ok, why = pcall(redis.call, 'x') collectgarbage() return {tostring(ok), why}";
        let (Reply::Array(items), _) = run(&mut vm, &mut host, caught) else { panic!("{caught}") };
        assert_eq!(items[0], Reply::text("false"));
        assert!(format!("{:?}", items[1]).contains("not enough memory"));
        host.reply = Reply::OK;
        assert_eq!(run(&mut vm, &mut host, "return redis.call('x')").0, Reply::Status("OK".into()));
    }
}

#[test]
fn keys_that_do_not_fit_into_memory_are_an_error() {
    let mut vm = Vm::new(LIMIT).unwrap();
    let code = vm.compile(b"return 1").unwrap();
    let keys: Vec<Vec<u8>> = (0..100_000).map(|n| format!("{n:0>200}").into_bytes()).collect();
    let mut run = vm.begin(code.clone(), "sha", keys.iter().map(Vec::as_slice), std::iter::empty()).unwrap();
    let Step::Done(Reply::Error(line)) = run.step(&mut parrot(Reply::OK), Duration::from_secs(1)) else { panic!() };
    assert!(line.contains("not enough memory"), "{line}");
    assert!(!vm.end(run));
}

#[test]
fn a_panic_of_the_host_goes_through_whatever_the_script_does() {
    let mut vm = Vm::new(LIMIT).unwrap();
    for script in [
        "return redis.call('panic')",
        "return redis.acl_check_cmd('panic')",
        "pcall(redis.call, 'panic') return 1",
        "while true do pcall(redis.call, 'panic') end",
        "xpcall(function() redis.pcall('panic') end, function() redis.call('panic') end) return redis.call('x')",
        "coroutine.wrap(function() redis.call('panic') end)()",
        "table.sort({3, 2, 1}, function() pcall(redis.call, 'panic') return true end)",
    ] {
        let mut host = parrot(Reply::OK);
        let panic = catch_unwind(AssertUnwindSafe(|| run(&mut vm, &mut host, script))).unwrap_err();
        let said = panic.downcast_ref::<String>().unwrap();
        assert!(said.contains("as it was told to"), "{script}: {said}");
        assert!(host.calls <= 1, "{script}: nothing is asked of a host that has panicked");
        let (reply, good) = run(&mut vm, &mut parrot(Reply::Integer(7)), "return redis.call('x')");
        assert!(good && reply == Reply::Integer(7), "{script}: {reply:?}");
    }
}

#[test]
fn answers_may_be_nested_but_not_without_end() {
    let nested = |levels| (0..levels).fold(Reply::Integer(5), |inner, _| Reply::Array(vec![inner]));
    let count = "local v, n = redis.call('x'), 0 while type(v) == 'table' do v, n = v[1], n + 1 end return {n, v}";
    assert_eq!(answer(nested(200), count), Reply::Array(vec![Reply::Integer(200), Reply::Integer(5)]));
    assert_eq!(answer(nested(200), "return redis.call('x')"), nested(200));
    let Reply::Error(line) = answer(nested(1000), "return redis.call('x')") else { panic!() };
    assert!(line.contains("nested too deeply"), "{line}");
}

#[test]
fn a_call_that_nobody_serves_is_an_error() {
    let lua = mlua::Lua::new();
    let why = stack::door(&lua).unwrap().call::<()>((0, "get", "x")).unwrap_err();
    assert!(why.to_string().contains("the host of the script is gone"), "{why}");
    let mut vm = Vm::new(LIMIT).unwrap();
    run(&mut vm, &mut parrot(Reply::OK), "return redis.call('x')");
    let why = stack::door(&lua).unwrap().call::<()>(4).unwrap_err();
    assert!(why.to_string().contains("the host of the script is gone"), "{why}");
}

#[test]
fn a_call_may_have_as_many_arguments_as_the_machine_can_pass() {
    let mut host = parrot(Reply::Array(vec![Reply::Integer(1); 5000]));
    let script = "local t = {} for i = 1, 7900 do t[i] = i end return #redis.call('x', unpack(t))";
    assert_eq!(run(&mut Vm::new(LIMIT).unwrap(), &mut host, script).0, Reply::Integer(5000));
    assert_eq!(host.args, 7901);
}

#[test]
fn a_script_gets_its_keys_and_arguments() {
    let script = "return {#KEYS, #ARGV, KEYS[1], ARGV[1], ARGV[2], select('#', ...)}";
    let words = ["k", "a", ""].map(Reply::text);
    let expected = [vec![Reply::Integer(1), Reply::Integer(2)], words.to_vec(), vec![Reply::Integer(0)]].concat();
    assert_eq!(answer(Reply::OK, script), Reply::Array(expected));
}

/// A reply that a script gets and gives back is the same again.
#[test]
fn replies_come_back() {
    let text = |text: &'static str| Reply::text(text);
    let pair = vec![(text("k"), Reply::Integer(1))];
    let same = [
        Reply::Integer(-5),
        Reply::Integer(1 << 53),
        text(""),
        Reply::Null,
        Reply::Status("OK".into()),
        Reply::Double(1.5),
        Reply::BigNumber("123".into()),
        Reply::Boolean(false),
        Reply::Verbatim("txt".into(), b"x"[..].into()),
        Reply::Map(pair.clone()),
        Reply::Map(vec![(Reply::Integer(3), Reply::Map(pair.clone()))]),
        Reply::Set(vec![text("a")]),
        Reply::Array(vec![Reply::Array(vec![]), Reply::Set(vec![Reply::Integer(4)]), Reply::Double(-0.5)]),
    ];
    for reply in same {
        assert_eq!(answer(reply.clone(), "redis.setresp(3) return redis.call('x')"), reply);
    }
    let flat = Reply::Array(vec![text("k"), Reply::Integer(1)]);
    for (reply, expected) in [
        (Reply::Map(pair.clone()), flat.clone()),
        (Reply::Tuples(pair.clone()), flat.clone()),
        (Reply::Pairs(pair), Reply::Array(vec![flat])),
        (Reply::Set(vec![text("a")]), Reply::Array(vec![text("a")])),
        (Reply::Double(1.5), text("1.5")),
        (Reply::Boolean(true), Reply::Integer(1)),
        (Reply::NullArray, Reply::Null),
        (Reply::Id(StreamId { ms: u64::MAX, seq: u64::MAX }), text("18446744073709551615-18446744073709551615")),
    ] {
        assert_eq!(answer(reply, "return redis.call('x')"), expected);
    }
}

#[test]
fn entries_of_streams_are_lists() {
    let fields = Some(Fields::from_packed(b"\x01\x01f\x01v"[..].into()));
    let id = StreamId { ms: 1, seq: 2 };
    let entry = |fields, redelivery| Reply::Entry(Box::new(EntryReply { id, fields, redelivery }));
    let read = "local e = redis.call('x') return {#e, e[1], e[2] and e[2][2] or 'gone', e[3] or 0, e[4] or 0}";
    let expected = |len, value, idle, times| {
        let numbers = [Reply::Integer(idle), Reply::Integer(times)];
        Reply::Array([vec![Reply::Integer(len), Reply::text("1-2"), Reply::text(value)], numbers.to_vec()].concat())
    };
    assert_eq!(answer(entry(fields.clone(), None), read), expected(2, "v", 0, 0));
    assert_eq!(answer(entry(fields, Some((7, 8))), read), expected(4, "v", 7, 8));
    assert_eq!(answer(entry(None, None), read), expected(2, "gone", 0, 0));
}

#[test]
fn tables_that_claim_to_be_something_are_read_as_far_as_they_are() {
    for (script, expected) in [
        ("return {err = 1, 'x'}", Reply::Array(vec![Reply::text("x")])),
        ("return {verbatim_string = {string = 'a'}, 'x'}", Reply::Array(vec![Reply::text("x")])),
        ("return {map = {[{}] = 1}}", Reply::Map(vec![(Reply::Array(vec![]), Reply::Integer(1))])),
        ("return {set = {}}", Reply::Set(vec![])),
        ("return setmetatable({}, {__index = function() return 'x' end})", Reply::Array(vec![])),
        ("return {1, nil, 3}", Reply::Array(vec![Reply::Integer(1)])),
        ("return function() end", Reply::Null),
    ] {
        assert_eq!(answer(Reply::OK, script), expected, "{script}");
    }
}
