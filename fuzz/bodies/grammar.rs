//! Calls that look like calls: built from the grammar in the table of commands, as bytes choose.

use brooklet::command::spec::Spec;
use brooklet::command::syntax::{self, Argument, Shape};
use brooklet::command::table;
use std::sync::LazyLock;

/// Bytes that are used up as choices; zero ever after.
pub struct Choices<'a>(pub &'a [u8]);

impl<'a> Choices<'a> {
    pub fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        *first
    }

    /// A number below `sides`.
    fn below(&mut self, sides: usize) -> usize {
        let number = usize::from(self.byte());
        let number = if sides > 256 { number << 8 | usize::from(self.byte()) } else { number };
        number % sides.max(1)
    }

    fn of<T: Copy>(&mut self, things: &[T]) -> T {
        things[self.below(things.len())]
    }
}

/// Verbs that end the process, wait for the disk, touch files, or lock the caller out.
const LEFT_OUT: &[&str] = &[
    "acl",
    "bgrewriteaof",
    "bgsave",
    "config",
    "debug",
    "monitor",
    "replicaof",
    "save",
    "sentinel",
    "shutdown",
    "slaveof",
    "client|kill",
    "client|pause",
    "client|reply",
    "command|docs",
    "memory|doctor",
];

struct Verb {
    spec: &'static Spec,
    arguments: Vec<Argument>,
}

/// In an order that does not change when one is added in the middle: corpora keep their meaning as long as they can.
static VERBS: LazyLock<Vec<Verb>> = LazyLock::new(|| {
    let all = table::verbs().flat_map(|spec| match spec.subcommands {
        [] => vec![spec],
        some => some.to_vec(),
    });
    let is_out = |spec: &Spec| LEFT_OUT.iter().any(|out| spec.name == *out || container(spec) == *out);
    let mut wanted: Vec<&'static Spec> = all.filter(|spec| !is_out(spec)).collect();
    wanted.sort_by_key(|spec| spec.name);
    wanted.into_iter().map(|spec| Verb { spec, arguments: syntax::parse(spec.syntax) }).collect()
});

fn container(spec: &Spec) -> &str {
    spec.name.split('|').next().unwrap_or(spec.name)
}

/// The next call.
pub fn call(choices: &mut Choices<'_>) -> Vec<Vec<u8>> {
    let verb = &VERBS[choices.below(VERBS.len())];
    let mut words: Vec<Vec<u8>> = verb.spec.name.split('|').map(|word| word.as_bytes().to_vec()).collect();
    let mut counted = None;
    verb.arguments.iter().for_each(|argument| one(argument, choices, &mut words, &mut counted));
    words
}

/// Appends an argument; `counted`: how often what follows comes, where a number said so.
fn one(argument: &Argument, choices: &mut Choices<'_>, words: &mut Vec<Vec<u8>>, counted: &mut Option<usize>) {
    if argument.optional && !choices.byte().is_multiple_of(3) {
        return;
    }
    let times = match argument.multiple {
        true => counted.take().unwrap_or_else(|| 1 + choices.below(8) / 3),
        false => 1,
    };
    for time in 0..times {
        if let Some(token) = argument.token.as_ref().filter(|_| time == 0 || argument.multiple_token) {
            words.push(token.as_bytes().to_vec());
        }
        match argument.shape {
            Shape::PureToken => {}
            Shape::Value => words.push(value(argument.name(), choices, counted)),
            Shape::Block => argument.arguments.iter().for_each(|part| one(part, choices, words, counted)),
            Shape::OneOf => one(choices.of(&argument.arguments.iter().collect::<Vec<_>>()), choices, words, counted),
        }
    }
}

const KEYS: &[&str] = &["a", "b", "c", "d", "{t}1", ""];
const NAMES: &[&str] = &["x", "y", "z", "1", "-7", "\r\n", "", "zebra"];
const IDS: &[&str] = &[
    "*",
    "0",
    "1",
    "1-1",
    "2-*",
    "2",
    "5-5",
    "$",
    ">",
    "-",
    "+",
    "(1",
    "(2-0",
    "0-1",
    "1704067200000-0",
    "18446744073709551615-18446744073709551615",
    "18446744073709551615-0",
    "9223372036854775807",
    "x",
];
const NUMBERS: &[&str] = &[
    "0",
    "1",
    "2",
    "3",
    "-1",
    "-2",
    "10",
    "100",
    "1000",
    "127",
    "128",
    "512",
    "4294967295",
    "4294967296",
    "2147483647",
    "-2147483648",
    "9223372036854775807",
    "-9223372036854775808",
    "9223372036854775808",
    "18446744073709551615",
    "1704067200001",
    "x",
    "",
    "1.5",
];
const SCORES: &[&str] =
    &["0", "1", "-1", "2.5", "(1", "-inf", "+inf", "inf", "nan", "1e308", "-0", "[a", "(b", "[y", "-", "+", "0.1"];
const PATTERNS: &[&str] = &["*", "a*", "[a-c]", "\\", "?", "x"];
const SCRIPTS: &[&str] = &[
    "return redis.call('incr', KEYS[1])",
    "redis.call('xadd', KEYS[1], '*', 'f', 'v') return redis.call('xlen', KEYS[1])",
    "return redis.pcall(unpack(ARGV))",
    "return redis.call(ARGV[1], KEYS[1], ARGV[2])",
    "local t = {} for i = 1, 300 do t[i] = i end redis.call('rpush', KEYS[1], unpack(t)) return {1, {2}, 'x'}",
    "return redis.error_reply('a\\r\\nb')",
    "x",
    "#!lua name=l\nredis.register_function('f', function(k, a) return redis.call('set', k[1], 'v') end)",
    "#!lua name=l\nredis.register_function{function_name='f', callback=function() return 1 end, flags={'no-writes'}}",
];

/// A value that an argument of this name may have, mostly.
fn value(name: &str, choices: &mut Choices<'_>, counted: &mut Option<usize>) -> Vec<u8> {
    let last = name.rsplit('-').next().unwrap_or(name);
    let pool = match name {
        "numkeys" | "numids" | "numfields" => return number_of(choices, counted),
        "key" | "key1" | "key2" | "newkey" | "source" | "src" | "destination" | "dst" | "destkey" => KEYS,
        "id" | "last-id" | "stream-id" | "start" | "end" | "threshold" | "max-deleted-id" => {
            if choices.byte().is_multiple_of(4) { SCORES } else { IDS }
        }
        "min" | "max" | "score" | "weight" => SCORES,
        "pattern" | "prefix" | "library-name-pattern" => PATTERNS,
        "script" | "function-code" => SCRIPTS,
        "function" => &["f", "g"],
        "command" | "command-name" => &["get", "set", "xadd", "eval", "blpop", "nope"],
        "encoding" | "type" => &["u8", "i16", "u63", "i64", "u64", "string", "stream", "hash", "i1", "x"],
        "db" | "index" | "index1" | "index2" | "destination-db" if choices.byte().is_multiple_of(2) => {
            &["0", "1", "2", "15"]
        }
        "stop" | "offset" | "len" | "limit" | "rank" | "bit" | "bits" | "cursor" | "section" | "min-idle-time"
        | "entries-added" | "entries-read" | "maxage" | "timeout" | "protover" => NUMBERS,
        _ if ["count", "seconds", "milliseconds", "increment", "decrement"].contains(&last) => NUMBERS,
        _ => NAMES,
    };
    match choices.byte() {
        // A long one, so that things get large; and something else than what belongs there.
        0xff => vec![b'l'; 600 * (1 + choices.below(40))],
        0xfe => choices.of(&[KEYS, IDS, NUMBERS, SCORES, NAMES])[0].as_bytes().to_vec(),
        choice => pool[usize::from(choice) % pool.len()].as_bytes().to_vec(),
    }
}

fn number_of(choices: &mut Choices<'_>, counted: &mut Option<usize>) -> Vec<u8> {
    let number = choices.below(16);
    if number >= 12 {
        return choices.of(NUMBERS).as_bytes().to_vec();
    }
    *counted = Some(1 + number % 3);
    (1 + number % 3).to_string().into_bytes()
}
